// The view *new*: a title, some details, perhaps a board. What is typed stays until it has arrived.

import { el } from "./dom.js";
import { similarPosts } from "./similar.js";
import { explain, fill, words } from "./words.js";

/** Makes the view: {element, enter({title, body, board, meta}), facts, refresh, update, focus}. */
export function newView(panel) {
  let submission = randomHex();
  let isSending, meta;
  const given = {};
  const similar = similarPosts(panel);
  const typing = { autocomplete: "off", dir: "auto", oninput: typed };
  const title = el("input", { id: "title", maxLength: 200, placeholder: words.titleHint, enterKeyHint: "next", ...typing });
  const body = el("textarea", { id: "body", maxLength: 10000, placeholder: words.bodyHint, ...typing });
  const board = el("select", { id: "board" });
  const boards = field(board, words.board);
  const problem = el("p", { id: "problem", className: "problem", role: "alert" });
  const send = el("button", { className: "primary", textContent: words.send });
  const who = el("p", { className: "who", textContent: words.anonymously });
  const details = field(body, words.body, words.optional);
  const fields = el("div", { className: "fields" }, field(title, words.title), similar.element, details, boards);
  const foot = el("div", { className: "foot" }, problem, send, who);
  const element = el("form", { className: "view", noValidate: true, onsubmit: submit, onkeydown: hurry }, fields, foot);
  boards.hidden = true;

  function typed() {
    look();
    complain("");
    send.textContent = words.send;
  }

  function look() {
    similar.look(`${title.value}\n${body.value.slice(0, 500)}`);
  }

  // What the page suggests fills only what the writer has left alone.
  function enter(options) {
    meta = options.meta || meta;
    if (options.board) board.value = given.board = options.board;
    for (const [name, input] of [["title", title], ["body", body]]) {
      if (options[name] && ["", given[name]].includes(input.value)) input.value = given[name] = options[name];
    }
    look();
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
    if (!title.value.trim()) return complain(words.titleMissing, true);
    busy(true);
    try {
      arrived((await panel.ask("posts", draft())).post);
    } catch (refusal) {
      refused(refusal);
    }
    busy(false);
  }

  // The same submission is sent again after a failure: it may have arrived, and must not arrive twice.
  function draft() {
    return {
      title: title.value.trim(),
      body: body.value.trim(),
      board: boards.hidden ? panel.page.board : board.value,
      meta: { ...surroundings(), ...panel.page.meta, ...meta },
      submission,
    };
  }

  function arrived(post) {
    submission = randomHex();
    title.value = body.value = "";
    typed();
    panel.page.emit("submit", post);
    panel.go("post", { post: post.number, card: post, note: words.thanks });
    panel.say(words.thanks);
  }

  function refused(refusal) {
    const [first] = refusal.errors || [];
    complain(first?.message || `${explain(refusal)} ${words.kept}`, first?.field === "title");
    panel.report(refusal);
  }

  function complain(text, aboutTitle) {
    problem.textContent = text;
    title.setAttribute("aria-invalid", !!aboutTitle);
    if (aboutTitle) title.focus();
  }

  function busy(yes) {
    isSending = yes;
    send.setAttribute("aria-busy", yes);
    if (yes) complain("");
    send.textContent = yes ? words.sending : problem.textContent ? words.again : words.send;
  }

  /** Learns the boards and who is writing. */
  function facts({ boards: known, user }) {
    const chosen = board.value || given.board || panel.page.board;
    const option = ({ key, name }) => el("option", { value: key, textContent: name, selected: key === chosen });
    board.replaceChildren(...known.map(option));
    boards.hidden = known.length < 2;
    who.textContent = user && user.kind !== "anonymous" ? fill(words.as, user.name || user.id) : words.anonymously;
  }

  return { element, enter, facts, refresh() {}, update() {}, focus: () => title.focus() };
}

function field(input, name, hint) {
  const label = el("label", { htmlFor: input.id, textContent: name + " " }, hint && el("small", { textContent: hint }));
  input.setAttribute("aria-describedby", "problem");
  return el("div", { className: "field" }, label, input);
}

function randomHex() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function surroundings() {
  return {
    url: location.href.slice(0, 2000),
    browser: navigator.userAgent,
    viewport: `${innerWidth}x${innerHeight}`,
    language: navigator.language,
  };
}
