// Markdown, as the server has taken it apart.

import { el } from "../panel/dom.js";

const KNOWN = "p br hr strong em s code pre blockquote ul ol li a h3 h4 h5 h6".split(" ");

/** Nodes for a tree of strings and [tag, attributes, ...children]; what is not known leaves its text. */
export function rich(tree) {
  return tree.map((node) => {
    if (!Array.isArray(node)) return String(node);
    const [tag, attributes, ...children] = node;
    if (!KNOWN.includes(tag)) return el("span", {}, ...rich(children));
    const link = /^(https?|mailto):/.test(attributes?.href) && { href: attributes.href, target: "_blank", rel: "noopener nofollow ugc" };
    return el(tag, link || (attributes?.start && { start: attributes.start }), ...rich(children));
  });
}
