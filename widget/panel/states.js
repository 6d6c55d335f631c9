// What stands where there is nothing to show: not yet, not at all, or because something went wrong.

import { el, icon } from "./dom.js";
import { words } from "./words.js";

/** A short message in the middle of a view, with what one can do about it. */
export function notice(title, hint, action) {
  const bubble = icon("M4 4h16v13h-9l-5 4v-4H4zM8 9h8M8 12.5h5");
  return el("div", { className: "notice" }, bubble, el("b", { textContent: title }), el("p", { textContent: hint }), action);
}

/** The outline of what is on its way. */
export function skeleton() {
  const bars = [1, 2, 3, 4].map(() => el("div", { className: "bone" }, el("i"), el("div", {}, el("i"), el("i"))));
  return el("div", { className: "view", role: "status", "aria-label": words.loading }, ...bars);
}
