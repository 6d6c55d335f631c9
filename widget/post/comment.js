// One comment with the answers to it, and what its reader can do about it.

import { button, el } from "../panel/dom.js";
import { keyed } from "../keyed/keyed.js";
import { day, fill, words } from "../panel/words.js";
import { rich } from "../text/text.js";
import { actions, box } from "../write/write.js";
import { fileList, renew } from "./files.js";

// Of the first and of the last name.
const INITIALS = /^\S|(?<=\s)\S(?=\S*$)/gu;

/** A row of the `list`; update(comment). */
export function commentRow(panel, list, comment) {
  const path = "comments/" + comment.id;
  const face = el("i", { className: "face", "aria-hidden": true });
  const name = el("b", { className: "name", dir: "auto" });
  const team = el("b", { className: "team", textContent: words.team });
  const seal = el("b", { className: "seal", textContent: words.official });
  const facts = el("span");
  const text = el("div", { className: "rich", dir: "auto" });
  const files = fileList(list.refresh);
  const reply = button("link", answer, words.reply);
  const acts = actions(panel, { path, question: words.deleteComment, fields, changed, deleted }, reply);
  const by = el("div", { className: "by" }, face, name, team, facts);
  const below = el("ol", { role: "list" });
  const row = el("li", { tabIndex: -1 }, el("div", { className: "comment" }, seal, by, text, files, acts), below);
  const rows = keyed(below, (comment) => commentRow(panel, list, comment));

  row.update = (fresh) => {
    comment = fresh;
    const { deleted, official, to } = comment;
    const who = nameOf(comment);
    const notes = [comment.mine && words.yours, day(comment.created_at), comment.edited_at && words.edited];
    if (comment.held) notes.unshift(words.waiting);
    if (to) notes.push(fill(words.answering, nameOf(to)));
    row.className = official ? "official" : "";
    face.hidden = deleted;
    face.textContent = who.match(INITIALS)?.join("");
    face.style.setProperty("--hue", who.length * 99 + who.charCodeAt() * 137);
    name.textContent = who;
    facts.textContent = deleted ? "" : notes.filter(Boolean).join(" · ");
    renew(text, deleted ? [] : comment.text, rich);
    files.update(deleted ? [] : comment.files);
    team.hidden = !comment.by_team;
    seal.hidden = !official;
    reply.hidden = deleted || comment.held || list.isClosed;
    reply.setAttribute("aria-label", fill(words.replyTo, who));
    acts.update(comment.editable && !deleted);
    if (panel.drafts[path + "/reply"] && !acts.hidden) answer();
    rows.show(comment.below, 0, true);
  };

  function fields() {
    return field(words.change, comment.body);
  }

  function changed(answer) {
    list.put(answer.comment);
  }

  // Only its place is left, until everything is read again.
  function deleted() {
    list.put({ ...comment, deleted: true });
    row.focus();
    panel.say(words.deletedComment);
    list.refresh();
  }

  function answer(event) {
    const send = (values, submission) => list.send(values, submission, comment.id);
    acts.open(reply, box(panel, path + "/reply", field(fill(words.replyTo, nameOf(comment))), send, acts.close), event);
  }

  return row;
}

/** The only field of a comment. */
export function field(label, value) {
  return { body: { label, value, required: true, maxLength: 5000 } };
}

function nameOf({ author, mine, deleted }) {
  return deleted ? words.gone : author || (mine ? words.you : words.somebody);
}
