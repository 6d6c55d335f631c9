// Files for a post that is being written: chosen, dropped, pasted, or a screenshot. They wait in the draft.

import { chunk } from "../panel/chunks.js";
import { button, el, icon } from "../panel/dom.js";
import { fill, plural, words } from "../panel/words.js";
import { ACCEPT, fileRow, isPicture, MOST, objection, removal } from "./rows.js";
import { uploads } from "./uploads.js";

const CLIP = "M20 11l-8 8a5 5 0 0 1-7-7l8-8a3 3 0 0 1 5 5l-8 8a1 1 0 0 1-2-2l7-7";
const loadShot = () => chunk("shot");

/** Fills the row of the form: {send(number, anonymous)}, which sends what is there to this post and returns the list of it. */
export function attachments(panel, { element, draft, attach }) {
  const { files } = draft;
  const { root } = panel.frame;
  const list = el("ul", { className: "sendings", role: "list", "aria-label": words.files });
  const problem = el("p", { className: "problem", role: "alert" });
  const picker = el("input", { type: "file", multiple: true, accept: ACCEPT, hidden: true });
  const choose = button("tool", () => picker.click(), icon(CLIP), words.attach);
  // Brought along by a look at the button: some browsers forget the click while a chunk is on its way.
  const shoot = button("tool", () => edit(), icon("M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 12h6M12 9v6"), words.screenshot);
  panel.frame.style("%files.css%");
  shoot.hidden = !navigator.mediaDevices?.getDisplayMedia;
  shoot.onpointerenter = shoot.onfocus = () => loadShot().catch(() => {});
  attach.replaceChildren(choose, shoot, picker);
  attach.after(problem, list);
  element.append(el("p", { className: "drop", textContent: words.drop }));
  element.addEventListener("paste", paste);
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) root.addEventListener(type, drag);
  // A dialog takes the cancelling of a choice for its own, a form its path for something typed.
  picker.oncancel = picker.oninput = (event) => event.stopPropagation();
  picker.onchange = () => {
    add(picker.files);
    picker.value = "";
  };
  show();

  function add(chosen) {
    const wrong = new Set();
    const before = files.length;
    for (const file of chosen) {
      const said = files.length < MOST ? objection(file) : words.tooManyFiles;
      if (said) wrong.add(said);
      else files.push(file);
    }
    problem.textContent = [...wrong].join(" ");
    show();
    if (files.length === before) return;
    list.scrollIntoView({ block: "nearest" });
    panel.say(plural(words.attached, files.length - before));
  }

  function show() {
    const rows = new Map(Array.from(list.children, (row) => [row.file, row]));
    list.replaceChildren(...files.map((file) => rows.get(file) || line(file)));
    list.hidden = !files.length;
  }

  function line(file) {
    const change = isPicture(file) && button("tool", () => edit(file), words.edit);
    if (change) change.setAttribute("aria-label", `${words.edit}: ${file.name}`);
    const row = fileRow(file, change, removal(words.remove, file.name, () => take(file)));
    row.file = file;
    return row;
  }

  function take(file, ...instead) {
    files.splice(files.indexOf(file), 1, ...instead);
    problem.textContent = "";
    show();
    if (!files.length) choose.focus();
  }

  // Opens the editor with a picture of the list, or with a new screenshot.
  async function edit(file) {
    try {
      const picture = await (await loadShot()).shoot(panel, file);
      if (picture && files.includes(file)) take(file, picture);
      else if (picture) add([picture]);
    } catch (problem) {
      panel.fail(problem);
    }
  }

  // What office programs copy is text first, with a picture of it.
  function paste(event) {
    const { files: pasted, types } = event.clipboardData;
    if (!pasted.length || ["text/plain", "text/html"].every((type) => types.includes(type))) return;
    event.preventDefault();
    add(pasted);
  }

  // Anywhere on the panel, for a file that is dropped beside the form would replace the whole page.
  function drag(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    const { type, relatedTarget } = event;
    event.preventDefault();
    event.stopPropagation();
    if (type !== "dragleave" || !root.contains(relatedTarget)) element.classList.toggle("over", type.endsWith("er"));
    if (type === "drop" && element.isConnected) add(event.dataTransfer.files);
  }

  function send(number, anonymous) {
    const going = files.splice(0);
    show();
    return going.length ? uploads(panel, number, going, anonymous) : null;
  }

  return { send };
}
