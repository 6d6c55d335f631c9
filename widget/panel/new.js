// The view *new*, bare: a title and some details. The rest of the form is a chunk of its own. What is typed stays in the
// drafts until it has arrived.

import { chunk } from "./chunks.js";
import { button, el } from "./dom.js";
import { explain, learn, words } from "./words.js";

/** Makes the view: {element, enter({title, body, board, meta}), facts, refresh, update, focus}. */
export function newView(panel) {
  const draft = (panel.drafts.new ||= { values: {}, given: {}, files: [] });
  const { values, given } = draft;
  let isSending, more, coming;
  const typing = { autocomplete: "off", dir: "auto" };
  const title = el("input", { name: "title", maxLength: 200, placeholder: words.titleHint, enterKeyHint: "next", ...typing });
  const body = el("textarea", { name: "body", maxLength: 10000, placeholder: words.bodyHint, ...typing });
  const problem = el("p", { className: "problem", role: "alert" });
  // Not a submit button: a sandboxed frame may not submit forms.
  const send = button("primary", submit, words.send);
  const who = el("p", { className: "who", textContent: words.anonymously });
  const attach = el("div", { className: "attach" });
  const details = field(body, words.body, words.optional);
  const fields = el("div", { className: "fields" }, field(title, words.title), details);
  const element = el("form", { className: "view", noValidate: true, onsubmit: submit, oninput: typed });
  element.append(fields, el("div", { className: "foot" }, problem, send, who));
  details.append(attach);
  restore();

  // A chunk that does not come leaves the bare form, which can still send.
  function extend() {
    const both = Promise.all([chunk("form"), learn("form")]).then(([form]) => {
      more ||= form.extend(panel, { element, draft, title, body, fields, attach, who, submit });
      more.follow();
    });
    // Nor does one that hangs.
    coming = Promise.race([both, new Promise((done) => setTimeout(done, 3000))]).catch(console.warn);
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
    more?.follow();
  }

  // Enter in the title goes on to the details: a post is not sent half written.
  title.onkeydown = (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault() || body.focus();
  };

  async function submit(event) {
    event.preventDefault();
    if (isSending) return;
    busy(true);
    await coming;
    try {
      if (more?.isWrong()) complain();
      else if (!title.value.trim()) complain(words.titleMissing);
      else await deliver();
    } catch (refusal) {
      complain(more ? await more.refused(refusal) : `${explain(refusal)} ${words.kept}`);
      panel.report(refusal);
    }
    busy();
  }

  // Nobody writes meanwhile: what has arrived is cleared. After a failure one goes on where one was.
  async function deliver() {
    const last = panel.frame.root.activeElement;
    const post = content();
    send.focus();
    fields.inert = true;
    try {
      const answer = await panel.ask("posts", post);
      arrived(more ? await more.amended(post, answer) : answer);
    } finally {
      fields.inert = false;
      // Unless they have gone elsewhere.
      panel.frame.isIn() && last?.focus();
    }
  }

  // The same submission is sent again after a failure: it may have arrived, and must not arrive twice.
  function content() {
    draft.submission ||= crypto.getRandomValues(new Uint32Array(4)).join();
    return {
      title: title.value.trim(),
      body: body.value.trim(),
      board: panel.page.board,
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

  return { element, enter, facts: () => more?.follow(), refresh() {}, update() {}, focus: () => (isSending ? send : title).focus() };
}

/** An input under its name. */
export function field(input, name, hint) {
  input.id = "new-" + input.name;
  const small = hint && el("small", { textContent: hint });
  return el("div", { className: "field" }, el("label", { htmlFor: input.id }, name + " ", small), input);
}
