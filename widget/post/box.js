// Words that are being written, and the buttons in whose place that happens.

import { button, el } from "../panel/dom.js";
import { explain, words } from "../panel/words.js";

/** A form for `fields`, {name: {label, value, …}}. `send(values, submission)` throws when it fails, and then the words stay; until
    they have arrived they are in the drafts under `key`. `close`, where there is one, adds a button to cancel. */
export function box(panel, key, fields, send, close, action = words.send) {
  const { drafts } = panel;
  let draft = drafts[key] || {};
  let isSending;
  const inputs = Object.keys(fields).map(field);
  const problem = el("p", { className: "problem", role: "alert" });
  const go = el("button", { className: "primary", textContent: action });
  const cancel = close && button("quiet", end, words.cancel);
  const labels = inputs.map((input) => el("label", {}, fields[input.name].label, input));
  const foot = el("div", { className: "acts" }, go, cancel);
  const form = el("form", { className: "box", noValidate: true, onsubmit, onkeydown, oninput }, ...labels, problem, foot);

  function field(name) {
    const { value = "", ...given } = fields[name];
    return el(name === "title" ? "input" : "textarea", { dir: "auto", ...given, name, value: draft[name] ?? value, onfocus: oninput });
  }

  // Never smaller again: a page that jumps while one writes is worse.
  function oninput({ target, type }) {
    if (target.scrollHeight > target.clientHeight) target.style.height = target.scrollHeight + 2 + "px";
    if (type !== "input") return;
    draft[target.name] = target.value;
    draft.submission ||= crypto.getRandomValues(new Uint32Array(4)).join("-");
    drafts[key] = draft;
    say("");
  }

  function onkeydown(event) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) onsubmit(event);
  }

  // The same submission is sent again after a failure: it may have arrived, and must not arrive twice.
  async function onsubmit(event) {
    event.preventDefault();
    const empty = inputs.find((input) => input.required && !input.value.trim());
    if (isSending) return;
    if (empty) return say(words.wordless, empty.focus());
    busy(true);
    try {
      await send(Object.fromEntries(inputs.map(({ name, value }) => [name, value.trim()])), draft.submission);
      end();
    } catch (refusal) {
      say(refusal.errors?.[0]?.message || `${explain(refusal)} ${words.kept}`);
      go.textContent = words.again;
      panel.report(refusal);
    }
    busy(false);
  }

  function busy(yes) {
    if (yes) say("");
    isSending = yes;
    go.setAttribute("aria-busy", yes);
    for (const input of inputs) input.readOnly = yes;
  }

  function say(text) {
    problem.textContent = text;
    go.textContent = action;
  }

  function end() {
    draft = {};
    delete drafts[key];
    if (close) return close();
    for (const input of inputs) input.value = input.style.height = "";
    if (form.matches(":focus-within")) inputs[0].focus();
  }
  return form;
}

/** Buttons for one's own post or comment, behind `others`; update(isEditable). `own` is {path, fields() of its form, question, what
    deleting asks, changed(answer), deleted()}. open(button, form, isWanted) puts a form in their place, close() takes it away. */
export function actions(panel, own, ...others) {
  const { path } = own;
  let opener, instead;
  const edit = button("link", change, words.edit);
  const remove = button("link", ask, words.delete);
  const acts = el("div", { className: "acts" }, ...others, edit, remove);

  acts.open = (by, form, isWanted) => {
    opener = by;
    acts.after((instead = form));
    acts.hidden = true;
    if (isWanted) form.querySelector("input, textarea, button").focus();
  };

  acts.close = () => {
    const wasIn = instead.matches(":focus-within");
    instead.remove();
    acts.hidden = false;
    if (wasIn) opener.focus();
  };

  // What was left half written is there again.
  acts.update = (isEditable) => {
    edit.hidden = remove.hidden = !isEditable;
    if (isEditable && panel.drafts[path] && !acts.hidden) change();
  };

  function change(event) {
    const save = async (values) => own.changed(await panel.ask(path + "/edit", values));
    acts.open(edit, box(panel, path, own.fields(), save, acts.close, words.save), event);
  }

  function ask(event) {
    const said = el("span", { textContent: own.question });
    const no = button("quiet", acts.close, words.cancel);
    const yes = button("quiet bad", () => destroy().catch(panel.fail), words.delete);
    acts.open(remove, el("div", { className: "acts", role: "group", "aria-label": own.question }, said, no, yes), event);
  }

  async function destroy() {
    acts.close();
    await panel.ask(path + "/delete");
    panel.votes++;
    own.deleted();
  }
  return acts;
}
