// The workspace's own fields, those of the chosen board, and where somebody without an account would like to be answered.

import { el } from "../panel/dom.js";
import { field } from "../panel/new.js";
import { words } from "../panel/words.js";

const OWN = "fields.";
const TAGS = { long_text: "textarea", select: "select" };
const LOOKS = {
  text: { maxLength: 200, dir: "auto" },
  long_text: { maxLength: 5000, dir: "auto" },
  number: { type: "number", step: "any" },
  date: { type: "date" },
  checkbox: { type: "checkbox" },
};

/** The questions: {element, follow(), said(), clear(), refused(error)}. */
export function questions(panel, { draft, board, who }) {
  const { values } = draft;
  const element = el("div", { className: "fields" });
  let known = {};
  let shown = null;
  let asked = null;

  // What is asked already stays as it is, for somebody may be typing there.
  function follow() {
    const facts = panel.facts();
    if (!facts) return;
    const own = facts.fields.filter((each) => [null, board.value].includes(each.board));
    const guest = (!facts.user || facts.user.kind === "anonymous") && facts.ask_email !== "no" && facts.ask_email;
    const now = JSON.stringify([own, guest]);
    if (now === asked) return;
    asked = now;
    who.hidden = guest === "required";
    shown = own.map((each) => (known[JSON.stringify(each)] ||= ownInput(each, values)));
    const { activeElement } = element.getRootNode();
    element.replaceChildren(...shown.map((input) => input.parentNode), ...(guest ? [(known[guest] ||= guestBox(values, guest))] : []));
    if (element.contains(activeElement)) activeElement.focus();
  }

  function said() {
    const { email, name } = element.closest("form").elements;
    const given = shown?.map((input) => [input.name.slice(OWN.length), valueOf(input)]).filter(([, value]) => value !== "");
    return {
      fields: given && Object.fromEntries(given),
      guest: email?.value ? { email: email.value, name: name.value.trim() } : undefined,
    };
  }

  function clear() {
    for (const name in values) if (name.startsWith(OWN)) delete values[name];
    known = {};
    asked = null;
  }

  // A question that was changed meanwhile must not keep the words from arriving: without answers, none are missed.
  function refused(error) {
    if (error?.field.startsWith(OWN)) shown = null;
  }

  return { element, follow, said, clear, refused };
}

// What is not ticked says no, so a tick cannot be missing.
function ownInput({ key, name, type, required, options }, values) {
  const isTick = type === "checkbox";
  const input = el(TAGS[type] || "input", { name: OWN + key, required: required && !isTick, ...LOOKS[type] });
  if (type === "select") input.append(...["", ...options].map((value) => el("option", { value, textContent: value || words.choose })));
  input.wrong = type === "number" ? words.numberWrong : words.fillIn;
  input[isTick ? "checked" : "value"] = values[input.name] || "";
  const made = field(input, name, !isTick && words[required ? "required" : "optional"]);
  if (isTick) made.className = "field tick";
  return input;
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  return input.type === "number" && input.value ? input.valueAsNumber : input.value.trim();
}

function guestBox(values, asked) {
  const email = el("input", { name: "email", type: "email", autocomplete: "email", required: asked === "required" });
  const name = el("input", { name: "name", autocomplete: "name", maxLength: 80, dir: "auto" });
  email.value = values.email || "";
  name.value = values.name || "";
  email.wrong = words.emailWrong;
  const box = el("div", { className: "fields" }, field(email, words.email, words[asked]), field(name, words.name, words.optional));
  email.after(el("p", { id: "why", textContent: words.why }));
  email.setAttribute("aria-describedby", "why");
  return box;
}
