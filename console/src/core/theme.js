// Light, dark, or as the system has it.

import { cell } from "./cell.js";

const NAME = "vitrine.theme";
const THEMES = ["auto", "light", "dark"];

function kept() {
  try {
    return THEMES.includes(localStorage.getItem(NAME)) ? localStorage.getItem(NAME) : "auto";
  } catch {
    return "auto";
  }
}

export const theme = cell(kept());

export function showTheme() {
  document.documentElement.dataset.theme = theme.get();
}

/** The theme after this one. */
export const following = (name) => THEMES[(THEMES.indexOf(name) + 1) % THEMES.length];

theme.follow((name) => {
  showTheme();
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // It then lasts as long as the page.
  }
});
