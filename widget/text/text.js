// Markdown, as the server has taken it apart.

import { el } from "../panel/dom.js";

const KNOWN = "p br hr strong em s code pre blockquote ul ol li a h3 h4 h5 h6".split(" ");
const WIDEST = 1200; // pixels of a picture: more than the panel shows on the finest screen
const NEAR = "300px"; // from being seen
const waiting = new WeakMap();
const watch = new IntersectionObserver(arrive, { rootMargin: NEAR });

/** How such a text looks, inside of anything with the class `rich`; for `panel.frame.style`. */
export const richStyle = "%text.css%";

/** Nodes for a tree of strings and [tag, attributes, ...children]; what is not known leaves its text. */
export function rich(tree) {
  return tree.map((node) => {
    if (!Array.isArray(node)) return String(node);
    const [tag, attributes, ...children] = node;
    if (tag === "img") return picture(attributes);
    if (!KNOWN.includes(tag)) return el("span", {}, ...rich(children));
    const link = /^(https?|mailto):/.test(attributes?.href) && { href: attributes.href, target: "_blank", rel: "noopener nofollow ugc" };
    return el(tag, link || (attributes?.start && { start: attributes.start }), ...rich(children));
  });
}

// Drawn, because a page's policy may refuse pictures from elsewhere; and only when somebody comes near it.
function picture({ src, alt }) {
  const canvas = el("canvas", { role: "img", "aria-label": alt, width: 0, height: 0 });
  waiting.set(canvas, src);
  watch.observe(canvas);
  return canvas;
}

function arrive(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watch.unobserve(target);
    draw(target).catch(() => target.replaceWith(target.ariaLabel || ""));
  }
}

async function draw(canvas) {
  const answer = await fetch(waiting.get(canvas), { credentials: "omit" });
  const bitmap = await createImageBitmap(await answer.blob());
  const scale = Math.min(1, WIDEST / bitmap.width);
  canvas.width = bitmap.width * scale;
  canvas.height = bitmap.height * scale;
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
