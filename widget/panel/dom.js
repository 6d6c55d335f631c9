// Elements, made without a line of HTML text.

/** An element with properties (or attributes, where there is no such property) and children; empty children are left out. */
export function el(tag, settings, ...children) {
  const element = document.createElement(tag);
  for (const name in settings) {
    if (name in element) element[name] = settings[name];
    else element.setAttribute(name, settings[name]);
  }
  element.append(...children.filter(Boolean));
  return element;
}

/** A line drawing from the `d` of one path in a 24 × 24 box. */
export function icon(d) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

/** A button that is never a submit button by accident. */
export function button(className, onclick, ...children) {
  return el("button", { type: "button", className, onclick }, ...children);
}
