// Dragging in a list, by mouse, pen or finger: a line shows where the row will land.

import { useEffect, useRef, useState } from "preact/hooks";

const EDGE = 56;
const SCROLL_STEP = 14;

/** The place before which a row dropped at `y` lands. */
function placeAt(rows, y) {
  const place = rows.findIndex((row) => {
    const { top, height } = row.getBoundingClientRect();
    return y < top + height / 2;
  });
  return place < 0 ? rows.length : place;
}

/**
 * `list` is a ref of the list whose children are the rows; `onDrop(from, to)` gets places from 0, `to`
 * as it will be once the row is taken out. Answers `{dragged, gap, start}`: which row is dragged, the gap
 * that it would land in, and the listener for `pointerdown`.
 */
export function useDrag(list, onDrop) {
  const [state, setState] = useState(null);
  const live = useRef(null);
  const stop = useRef(null);
  useEffect(() => () => stop.current?.(), []);

  const start = (from) => (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus?.();
    const rows = () => [...list.current.querySelectorAll(":scope > [data-row]")];
    const show = (next) => {
      live.current = next;
      setState(next);
    };
    show({ dragged: from, gap: from, y: event.clientY });
    const move = ({ clientY: y }) => {
      show({ dragged: from, gap: placeAt(rows(), y), y });
    };
    const scrolling = setInterval(() => {
      const { y } = live.current;
      const by = y < EDGE ? -SCROLL_STEP : y > innerHeight - EDGE ? SCROLL_STEP : 0;
      if (by && live.current.gap !== from) {
        scrollBy(0, by);
        show({ ...live.current, gap: placeAt(rows(), y) });
      }
    }, 16);
    const end = (isDrop) => () => {
      const { gap } = live.current;
      stop.current();
      const target = gap > from ? gap - 1 : gap;
      if (isDrop && target !== from) onDrop(from, target);
    };
    const drop = end(true);
    const cancel = end(false);
    const escape = (pressed) => pressed.key === "Escape" && cancel();
    stop.current = () => {
      clearInterval(scrolling);
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", drop);
      removeEventListener("pointercancel", cancel);
      removeEventListener("keydown", escape, true);
      document.documentElement.classList.remove("dragging");
      stop.current = null;
      setState(null);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop);
    addEventListener("pointercancel", cancel);
    addEventListener("keydown", escape, true);
    document.documentElement.classList.add("dragging");
  };
  return { dragged: state?.dragged ?? null, gap: state?.gap ?? null, start };
}
