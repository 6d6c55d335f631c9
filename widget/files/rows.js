// What the lists of files share: which ones are taken, and how one looks.

import { button, el, icon } from "../panel/dom.js";
import { fill, words } from "../panel/words.js";

export const MOST = 10;
const LARGEST = 10 * 2 ** 20;
const TYPES = "image/png,image/jpeg,image/webp,image/gif,application/pdf,video/mp4,text/plain";
export const ACCEPT = TYPES + ",.txt,.log";
const CROSS = "M7 7l10 10M17 7L7 17";
const THUMB = 88;

/** Why this file is not taken, as a sentence; nothing when it is. */
export function objection({ name, size, type }) {
  if (size > LARGEST) return fill(words.fileTooLarge, name);
  return TYPES.split(",").includes(type) || /\.(txt|log)$/i.test(name) ? "" : fill(words.fileType, name);
}

/** Pictures that the editor opens. */
export function isPicture({ type }) {
  return type.startsWith("image/");
}

/** An entry of a list: a small picture, name and size, and what can be done with the file. `row.about` takes more. */
export function fileRow(file, ...controls) {
  const thumb = el("span", { className: "thumb" }, icon("M6 3h8l4 4v14H6zM14 3v4h4"));
  const name = el("span", { className: "filename", dir: "auto", textContent: file.name });
  const row = el("li", {}, thumb);
  row.about = el("div", {}, name, el("small", { textContent: amount(file.size) }));
  row.append(row.about, ...controls.filter(Boolean));
  if (isPicture(file)) preview(file, thumb).catch(() => {});
  return row;
}

/** A small button that takes a file out of a list; the keyboard stays where it was. */
export function removal(label, name, remove) {
  const made = button("close", () => {
    const row = made.closest("li");
    const next = row.nextSibling || row.previousSibling;
    remove();
    next?.lastChild.focus();
  }, icon(CROSS));
  made.setAttribute("aria-label", `${label}: ${name}`);
  return made;
}

function amount(bytes) {
  const [unit, count] = bytes < 1e6 ? ["kilobyte", bytes / 1e3] : ["megabyte", bytes / 1e6];
  return new Intl.NumberFormat(words.lang, { style: "unit", unit, maximumSignificantDigits: 2 }).format(count);
}

async function preview(file, thumb) {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const scale = THUMB / Math.min(width, height);
  const canvas = el("canvas", { width: THUMB, height: THUMB });
  const left = (THUMB - width * scale) / 2;
  canvas.getContext("2d").drawImage(bitmap, left, (THUMB - height * scale) / 2, width * scale, height * scale);
  bitmap.close();
  thumb.replaceChildren(canvas);
}
