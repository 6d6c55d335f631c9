// Words that are being written, and the buttons in whose place that happens.

import { button, el } from "../panel/dom.js";
import { explain, words } from "../panel/words.js";

/** How these look; for `panel.frame.style`. */
export const writeStyle = "%write.css%";

/** A form for `fields`, {name: {label, value, …}}. `send(values, submission)` throws when it fails, and then the words
    stay; until they have arrived they are in the drafts under `key`. `close`, where there is one, adds a button to cancel. */
export function box(panel, key, fields, send, close, action = words.send) {
  const { drafts } = panel;
  let draft = drafts[key] || {};
  let isSending;
  const inputs = Object.keys(fields).map(field);
  const problem = el("p", { className: "problem", role: "alert" });
  // Not a submit button: a sandboxed frame may not submit forms.
  const go = button("primary", onsubmit, action);
  const labels = inputs.map((input) => el("label", {}, fields[input.name].label, input));
  const foot = el("div", { className: "acts" }, go, close && button("quiet", end, words.cancel));
  const form = el("form", { className: "box", noValidate: true, onsubmit, onkeydown, oninput }, ...labels, problem, foot);

  function field(name) {
    const { value = "", ...given } = fields[name];
    const kind = name === "title" ? "input" : "textarea";
    return el(kind, { dir: "auto", ...given, name, value: draft[name] ?? value, onfocus: grow });
  }

  // Never smaller again: a page that jumps while one writes is worse.
  function grow({ target }) {
    if (target.scrollHeight > target.clientHeight) target.style.height = target.scrollHeight + 2 + "px";
  }

  function oninput(event) {
    grow(event);
    draft[event.target.name] = event.target.value;
    draft.submission ||= crypto.getRandomValues(new Uint32Array(4)).join("-");
    drafts[key] = draft;
    say("");
  }

  function onkeydown(event) {
    const isMeant = event.metaKey || event.ctrlKey || event.target.type === "text";
    if (event.key === "Enter" && isMeant && !event.isComposing) onsubmit(event);
  }

  // The same submission is sent again after a failure: it may have arrived, and must not arrive twice.
  async function onsubmit(event) {
    event.preventDefault();
    const empty = inputs.find((input) => input.required && !input.value.trim());
    if (isSending) return;
    if (empty) return say(words.wordless, action, empty.focus());
    say("", words.sending, true);
    try {
      await send(Object.fromEntries(inputs.map(({ name, value }) => [name, value.trim()])), draft.submission);
      say("");
      end();
    } catch (refusal) {
      say(refusal.errors?.[0]?.message || `${explain(refusal)} ${words.kept}`, words.again);
      go.scrollIntoView({ block: "nearest" });
      panel.report(refusal);
    }
  }

  function say(text, label = action, isBusy = false) {
    problem.textContent = text;
    go.textContent = label;
    go.ariaBusy = isSending = isBusy;
    for (const input of inputs) input.readOnly = isBusy;
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

/** Buttons to change and to delete what is at `path`, behind `others`; update(isEditable) says whether one may. `question` is
    asked before, `fields()` are those of the form, changed(answer) and deleted() come after. On the element, too:
    open(button, form, isWanted) puts a form in the place of all, close() takes it away. */
export function actions(panel, { path, question, fields, changed, deleted }, ...others) {
  let opener, instead;
  const edit = button("link", change, words.edit);
  const remove = button("link", ask, words.delete);
  const acts = el("div", { className: "acts" }, ...others, edit, remove);

  function open(by, form, isWanted) {
    opener = by;
    acts.after((instead = form));
    acts.hidden = true;
    if (isWanted) form.querySelector("input, textarea, button").focus();
  }

  function close() {
    const wasIn = instead.matches(":focus-within");
    instead.remove();
    acts.hidden = false;
    if (wasIn) opener.focus();
  }

  // What was left half written is there again.
  function update(isEditable) {
    edit.hidden = remove.hidden = !isEditable;
    if (isEditable && panel.drafts[path] && !acts.hidden) change();
  }

  function change(event) {
    const save = async (values) => changed(await panel.ask(path + "/edit", values));
    open(edit, box(panel, path, fields(), save, close, words.save), event);
  }

  function ask(event) {
    const no = button("quiet", close, words.cancel);
    const yes = button("quiet bad", () => destroy().catch(panel.fail), words.delete);
    const said = el("span", { textContent: question });
    open(remove, el("div", { className: "acts", role: "group", "aria-label": question }, said, no, yes), event);
  }

  async function destroy() {
    close();
    await panel.ask(path + "/delete");
    panel.votes++;
    deleted();
  }

  return Object.assign(acts, { open, close, update });
}
