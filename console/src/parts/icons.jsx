// Icons: strokes on 20 × 20. They say nothing that is not said in words as well.

const PATHS = {
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4",
  rules: "M3 5h14M5.5 10h9M8 15h4",
  boosts: "M4 5h7M15 5h1M4 10h1M9 10h7M4 15h5M13 15h3M13 3v4M7 8v4M11 13v4",
  queries: "M4 16V9M8 16V4M12 16v-5M16 16V7",
  synonyms: "M8 6H6a4 4 0 0 0 0 8h2M12 6h2a4 4 0 0 1 0 8h-2M7 10h6",
  suggestions: "M3 4.5h14v11H3zM6 8v4M9 10h5",
  history: "M3.5 10a6.5 6.5 0 1 0 2-4.7L3.5 7.2M3.5 3.5v3.7h3.7M10 6.5V10l2.5 2",
  keys: "M7 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM9.5 10.5L16.5 3.5M13 7l2.5 2.5",
  grip: "M7.5 5v.01M12.5 5v.01M7.5 10v.01M12.5 10v.01M7.5 15v.01M12.5 15v.01",
  more: "M5 10v.01M10 10v.01M15 10v.01",
  pin: "M7 3.5h6l-1 5 2.5 3h-9l2.5-3zM10 11.5v5",
  hide: "M4 4l12 12M8 5a7.5 7.5 0 0 1 9 5 9 9 0 0 1-2.2 3M12 14.7A7.7 7.7 0 0 1 3 10a9 9 0 0 1 2.6-3.4",
  up: "M10 16V4.5M5 9l5-5 5 5",
  down: "M10 4v11.5M5 11l5 5 5-5",
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5L5 15",
  check: "M4 10.5l4 4 8-9",
  copy: "M7 7h9v9H7zM4 13V4h9",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  moon: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z",
  auto: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  leave: "M8 4H4v12h4M8 10h9M13.5 6.5L17 10l-3.5 3.5",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  warn: "M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.3v.01",
  chevron: "M6 8l4 4 4-4",
  compare: "M8.5 3.5h-5v13h5M11.5 3.5h5v13h-5M10 2v16",
  trash: "M4 6h12M8 6V4h4v2M6 6l.8 10.5h6.4L14 6",
  shop: "M3.5 8l1.2-4h10.6l1.2 4M4.5 8v8.5h11V8M3.5 8h13M8 16.5v-5h4v5",
};

/** An icon by its name. */
export function Icon({ name, size = 18 }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 20 20"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
