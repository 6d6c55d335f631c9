// The editor. Steps are kept and painted anew over the original, so that undo takes the last one away.

import { button, el, icon } from "../panel/dom.js";
import { words } from "../panel/words.js";
import { draw, frameOf } from "./draw.js";
import { pack } from "./picture.js";

const TOOLS = {
  box: "M4 5h16v14H4z",
  arrow: "M5 19L19 5M9 5h10v10",
  pen: "M4 20l1-5L16 4l4 4L9 19z",
  redact: "M3 7h18v10H3zM7 12h10",
  crop: "M6 2v16h16M2 6h16v16",
};
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0] };

/** Shows the editor over everything. Resolves to a file of what came out, or to null when it was cancelled. */
export function edit({ root }, original) {
  let tool, draft, area, pointer;
  const steps = [];
  const canvas = el("canvas", {
    tabIndex: 0,
    role: "application",
    "aria-label": words.shotPicture,
    "aria-description": words.shotKeys,
  });
  const pen = canvas.getContext("2d");
  const names = [words.box, words.arrow, words.pen, words.redact, words.crop];
  const tools = Object.keys(TOOLS).map((name, index) => el("button", { name, onclick: choose }, icon(TOOLS[name]), names[index]));
  const undo = button("", takeBack, icon("M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10H9"), words.undo);
  const dialog = el(
    "dialog",
    { lang: words.lang, dir: words.dir, className: root.firstChild.className + " shot", "aria-label": words.shotName },
    el("div", { className: "tools" }, ...tools, undo),
    el("div", { className: "stage" }, canvas),
    el(
      "div",
      { className: "tools" },
      el("p", { textContent: words.shotKeys }),
      button("quiet", () => dialog.close(), words.cancel),
      button("primary", () => dialog.close(1), words.shotDone),
    ),
  );

  function choose({ currentTarget }) {
    tool = currentTarget.name;
    for (const each of tools) each.setAttribute("aria-pressed", each === currentTarget);
  }

  function paint() {
    area = [0, 0, original.width, original.height];
    for (const step of steps) if (step.tool === "crop") area = frameOf(step);
    [, , canvas.width, canvas.height] = area;
    pen.translate(-area[0], -area[1]);
    pen.drawImage(original, 0, 0);
    for (const step of steps) draw(pen, step);
    if (draft) draw(pen, draft, area);
    undo.setAttribute("aria-disabled", !steps.length);
  }

  function sketch(path) {
    draft = path && { tool, path };
    paint();
  }

  // A click that went nowhere is no step.
  function keep() {
    const [, , width, height] = frameOf(draft);
    if (draft.path[1] && (tool !== "crop" || width * height > 99)) steps.push(draft);
  }

  function drop() {
    pointer = null;
    sketch();
  }

  function takeBack() {
    steps.pop();
    paint();
  }

  // In whole pixels: what is blacked out would shine through an edge between two of them.
  function within(point) {
    return point.map((at, axis) => Math.round(Math.max(area[axis], Math.min(area[axis] + area[axis + 2], at))));
  }

  function point({ offsetX, offsetY }) {
    const zoom = canvas.width / canvas.clientWidth;
    return within([area[0] + offsetX * zoom, area[1] + offsetY * zoom]);
  }

  canvas.onpointerdown = (event) => {
    if (pointer != null || event.button) return;
    canvas.setPointerCapture((pointer = event.pointerId));
    sketch([point(event)]);
  };
  canvas.onpointermove = (event) => {
    if (pointer === event.pointerId) sketch([...draft.path, point(event)]);
  };
  canvas.onpointerup = (event) => {
    if (pointer !== event.pointerId) return;
    keep();
    drop();
  };
  canvas.onpointercancel = canvas.onblur = drop;
  // Without a pointer: a frame that the arrow keys move, or stretch with Shift, and Enter applies.
  canvas.onkeydown = (event) => {
    const way = WAYS[event.key];
    if (!way) return;
    event.preventDefault();
    if (!draft) return sketch([3, 1.5].map((part) => within([area[0] + area[2] / part, area[1] + area[3] / part])));
    if (event.key === "Enter") keep();
    const move = (at, axis) => at + (way[axis] * canvas.width) / 40;
    sketch(draft.path.map((end, index) => (index || !event.shiftKey ? within(end.map(move)) : end)));
  };
  // The browser itself closes a modal dialog on Escape; the panel underneath must not hear of it.
  dialog.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) takeBack();
  };
  return new Promise((done) => {
    dialog.onclose = () => {
      drop();
      dialog.remove();
      done(dialog.returnValue ? pack(canvas) : null);
    };
    root.append(dialog);
    paint();
    tools[0].click();
    dialog.showModal();
  });
}
