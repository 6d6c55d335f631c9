// The view *new*, bare: a title, some details, perhaps a board. What is typed stays in the drafts until it has arrived.

import { el } from "./dom.js";
import { explain, fill, speakMore, words } from "./words.js";

/** Makes the view: {element, enter({title, body, board, meta}), facts, refresh, update, focus}. */
export function newView(panel) {
  const draft = (panel.drafts.new ||= { values: {}, given: {}, files: [] });
  const { values, given } = draft;
  let isSending, more, coming;
  const typing = { autocomplete: "off", dir: "auto" };
  const title = el("input", { name: "title", maxLength: 200, placeholder: words.titleHint, enterKeyHint: "next", ...typing });
  const body = el("textarea", { name: "body", maxLength: 10000, placeholder: words.bodyHint, ...typing });
  const board = el("select", { name: "board" });
  const boards = field(board, words.board);
  const problem = el("p", { className: "problem", role: "alert" });
  const send = el("button", { className: "primary", textContent: words.send });
  const who = el("p", { className: "who", textContent: words.anonymously });
  const attach = el("div", { className: "attach" });
  const details = field(body, words.body, words.optional);
  const fields = el("div", { className: "fields" }, field(title, words.title), details, boards);
  const foot = el("div", { className: "foot" }, problem, send, who);
  const heard = { onsubmit: submit, onkeydown: hurry, oninput: typed };
  const element = el("form", { className: "view", noValidate: true, ...heard }, fields, foot);
  details.append(attach);
  boards.hidden = true;
  restore();

  // A chunk that does not come leaves the bare form, which can still send.
  function extend() {
    coming = Promise.all([import("../form/form.js"), speakMore()]).then(([chunk]) => {
      more ||= chunk.extend(panel, { element, draft, title, body, board, fields, attach, who });
      more.follow();
    });
    coming = coming.catch(console.warn);
  }

  function typed({ target }) {
    values[target.name] = target.value;
    complain();
    send.textContent = words.send;
    more?.follow(target);
  }

  // What the page suggests fills only what the writer has left alone.
  function enter(options) {
    draft.meta = options.meta || draft.meta;
    for (const name of ["title", "body", "board"]) {
      if (options[name] && (!values[name] || values[name] === given[name])) values[name] = given[name] = options[name];
    }
    restore();
    extend();
  }

  function restore() {
    title.value = values.title || "";
    body.value = values.body || "";
    place();
  }

  function place() {
    board.value = values.board || panel.page.board;
    if (board.selectedIndex < 0) board.selectedIndex = 0;
    more?.follow();
  }

  // Enter in the title goes on to the details: a post is not sent half written.
  function hurry(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.metaKey || event.ctrlKey) submit(event);
    else if (event.target === title) event.preventDefault() || body.focus();
  }

  async function submit(event) {
    event.preventDefault();
    if (isSending) return;
    busy(true);
    await coming;
    try {
      if (more?.isWrong()) complain();
      else if (!title.value.trim()) complain(words.titleMissing);
      else arrived(await panel.ask("posts", content()));
    } catch (refusal) {
      complain(more ? more.refused(refusal) : `${explain(refusal)} ${words.kept}`);
      panel.report(refusal);
    }
    busy();
  }

  // The same submission is sent again after a failure: it may have arrived, and must not arrive twice.
  function content() {
    draft.submission ||= crypto.getRandomValues(new Uint32Array(4)).join();
    return {
      title: title.value.trim(),
      body: body.value.trim(),
      board: boards.hidden ? panel.page.board : board.value,
      submission: draft.submission,
      ...more?.said(),
    };
  }

  function arrived({ post, anonymous }) {
    const told = { note: words.thanks, ...more?.sent(post, anonymous) };
    draft.submission = values.title = values.body = "";
    restore();
    panel.page.emit("submit", post);
    panel.go("post", { post: post.number, card: post, ...told });
    panel.say(told.note);
  }

  function complain(text) {
    problem.textContent = text || "";
  }

  function busy(yes) {
    isSending = yes;
    send.setAttribute("aria-busy", !!yes);
    send.textContent = yes ? words.sending : problem.textContent ? words.again : words.send;
  }

  /** Learns the boards and who is writing. */
  function facts({ boards: known, user }) {
    board.replaceChildren(...known.map(({ key, name }) => el("option", { value: key, textContent: name })));
    boards.hidden = known.length < 2;
    who.textContent = user && user.kind !== "anonymous" ? fill(words.as, user.name || user.id) : words.anonymously;
    place();
  }

  return { element, enter, facts, refresh() {}, update() {}, focus: () => title.focus() };
}

/** An input under its name. */
export function field(input, name, hint) {
  input.id = "new-" + input.name;
  const label = el("label", { htmlFor: input.id, textContent: name + " " }, hint && el("small", { textContent: hint }));
  return el("div", { className: "field" }, label, input);
}
