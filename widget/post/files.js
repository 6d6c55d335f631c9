// Files of a post or a comment: pictures are shown, others named.

import { el } from "../panel/dom.js";
import { words } from "../panel/words.js";
import { rich } from "../text/text.js";

/** A list with update(files), which asks again while one that is not ready can be seen. */
export function fileList(refresh) {
  let timer;
  let wait = 1500;
  const list = el("ul", { className: "files", role: "list" });

  // Addresses are new in every answer, and old ones end after a day.
  list.update = (files) => {
    const isWaiting = files.some((file) => file.waiting);
    renew(list, files.map((file) => file.waiting || file.id), () => files.map(item));
    files.forEach((file, index) => file.waiting || (list.children[index].firstChild.href = file.url));
    list.hidden = !files.length;
    clearTimeout(timer);
    if (isWaiting) timer = setTimeout(() => list.getClientRects().length && refresh(), (wait *= 1.5));
  };
  return list;
}

function item({ name, size, waiting, thumbnail_url: src }) {
  const weight = new Intl.NumberFormat(words.lang, { style: "unit", unit: "kilobyte" }).format(Math.ceil(size / 1e3));
  const note = el("small", { textContent: waiting ? words.preparing : weight });
  const shown = src ? rich([["img", { src, alt: name }]]) : [el("bdi", { textContent: name }), note];
  return el("li", {}, el("a", { target: "_blank" }, ...shown));
}

/** Makes what is in `element` anew when `value` has changed; otherwise focus and selection in it stay. */
export function renew(element, value, make) {
  const said = JSON.stringify(value);
  if (element.said !== said) element.replaceChildren(...make(value));
  element.said = said;
}
