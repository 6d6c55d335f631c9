// Which board, the questions that are asked there, and where somebody without an account would like to be answered.

import { el } from "../panel/dom.js";
import { field } from "../panel/new.js";
import { fill, words } from "../panel/words.js";

const OWN = "fields.";
const TAGS = { long_text: "textarea", select: "select" };
const LOOKS = {
  text: { maxLength: 200, dir: "auto" },
  long_text: { maxLength: 5000, dir: "auto" },
  number: { type: "number", step: "any" },
  date: { type: "date" },
  checkbox: { type: "checkbox" },
};

/** The questions, at the end of the form: {follow(), said(), clear(), refused(errors)}. */
export function questions(panel, { draft, fields, who }) {
  const { values } = draft;
  const board = el("select", { name: "board" });
  const boards = field(board, words.board);
  const element = el("div", { className: "fields" });
  let known = {};
  let shown, asked, facts;
  boards.hidden = true;
  fields.append(boards, element);
  draft.unheard?.();
  draft.unheard = panel.page.on("identify", meet);

  function learn() {
    const { boards: all, user } = (facts = panel.facts());
    board.replaceChildren(...all.map(({ key, name }) => el("option", { value: key, textContent: name })));
    boards.hidden = all.length < 2;
    who.textContent = user && user.kind !== "anonymous" ? fill(words.as, user.name || user.id) : words.anonymously;
  }

  // What is asked already stays as it is, for somebody may be typing there.
  function follow() {
    if (!panel.facts()) return;
    if (facts !== panel.facts()) learn();
    board.value = values.board || panel.page.board;
    if (board.selectedIndex < 0) board.selectedIndex = 0;
    const own = facts.fields.filter((each) => [null, board.value].includes(each.board));
    const guest = (!facts.user || facts.user.kind === "anonymous") && facts.ask_email !== "no" && facts.ask_email;
    const now = JSON.stringify([own, guest]);
    if (now === asked) return;
    asked = now;
    who.hidden = guest === "required";
    shown = own.map((each) => (known[JSON.stringify(each)] ||= ownInput(each, values)));
    const { activeElement } = element.getRootNode();
    const boxes = shown.map((input) => input.parentNode);
    if (guest) boxes.push((known[guest] ||= guestBox(values, guest)));
    element.replaceChildren(...boxes);
    if (element.contains(activeElement)) activeElement.focus();
  }

  function said() {
    const { email, name } = fields.closest("form").elements;
    const given = shown?.map((input) => [input.name.slice(OWN.length), valueOf(input)]).filter(([, value]) => value !== "");
    return {
      board: boards.hidden ? panel.page.board : board.value,
      fields: given && Object.fromEntries(given),
      guest: email?.value ? { email: email.value, name: name.value.trim() } : undefined,
    };
  }

  function clear() {
    for (const name in values) if (name.startsWith(OWN)) delete values[name];
    known = {};
    asked = null;
  }

  // The questions were changed meanwhile: those of now are asked, and what was answered stays where it fits.
  async function refused(errors) {
    if (!errors.some(({ field }) => field?.startsWith(OWN))) return;
    const now = await panel.read("opening", { sort: "top" }).catch(() => facts);
    facts.fields = now.fields;
    follow();
  }

  // Who comes after somebody does not find their address.
  function meet(user) {
    const { email, name } = fields.closest("form").elements;
    if (panel.page.userToken === null || (draft.user && draft.user !== user?.id)) {
      values.email = values.name = "";
      if (email) email.value = name.value = "";
      delete known.optional;
      delete known.required;
      asked = null;
    }
    draft.user = user?.id;
  }

  return { follow, said, clear, refused };
}

// What is not ticked says no, so a tick cannot be missing.
function ownInput({ key, name, type, required, options }, values) {
  const isTick = type === "checkbox";
  const input = el(TAGS[type] || "input", { name: OWN + key, required: required && !isTick, ...LOOKS[type] });
  const choice = (value) => el("option", { value, textContent: value || words.choose });
  if (type === "select") input.append(...["", ...options].map(choice));
  input.wrong = type === "number" ? words.numberWrong : words.fillIn;
  input[isTick ? "checked" : "value"] = values[input.name] || "";
  const made = field(input, name, !isTick && (required ? words.required : words.optional));
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
  const asks = [field(email, words.email, asked === "required" ? words.required : words.optional), field(name, words.name, words.optional)];
  const box = el("div", { className: "fields" }, ...asks);
  email.after(el("p", { id: "why", textContent: words.why }));
  email.setAttribute("aria-describedby", "why");
  return box;
}
