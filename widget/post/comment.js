// One comment with the answers to it, and what its reader can do about it.

import { button, el, icon } from "../panel/dom.js";
import { keyed } from "../panel/keyed.js";
import { day, fill, words } from "../panel/words.js";
import { rich } from "../text/text.js";
import { actions, box } from "./box.js";
import { fileList, renew } from "./files.js";

/** A row of the list; update(comment). */
export function commentRow(panel, list) {
  let comment, acts;
  const face = el("i", { className: "face", "aria-hidden": true });
  const name = el("b", { className: "name", dir: "auto" });
  const team = el("b", { className: "team", textContent: words.team });
  const seal = el("b", { className: "seal", textContent: words.official });
  const facts = el("span");
  const text = el("div", { className: "rich", dir: "auto" });
  const files = fileList(list.refresh);
  const reply = button("link", answer, words.reply);
  const by = el("div", { className: "by" }, face, name, team, facts);
  const said = el("div", { className: "comment" }, seal, by, text, files);
  const below = el("ol", { role: "list" });
  const row = el("li", { tabIndex: -1 }, said, below);
  const rows = keyed(below, () => commentRow(panel, list));

  row.update = (fresh) => {
    comment = fresh;
    const { author, deleted, official } = comment;
    const notes = [comment.mine && words.yours, day(comment.created_at), comment.edited_at && words.edited];
    if (comment.to) notes.push(fill(words.answering, nameOf(comment.to)));
    if (!acts) said.append((acts = actions(panel, own(), reply)));
    row.className = official ? "official" : "";
    renew(face, author, () => [author ? initials(author) : icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 20a7 7 0 0 1 14 0")]);
    face.style.setProperty("--hue", hue(author));
    name.textContent = nameOf(comment);
    facts.textContent = deleted ? "" : notes.filter(Boolean).join(" · ");
    renew(text, deleted ? [] : comment.text, rich);
    files.update(deleted ? [] : comment.files);
    team.hidden = !comment.by_team;
    seal.hidden = !official;
    reply.hidden = deleted || list.isClosed;
    reply.setAttribute("aria-label", fill(words.replyTo, nameOf(comment)));
    acts.update(comment.editable && !deleted);
    if (panel.drafts[path() + "/reply"] && !acts.hidden) answer();
    rows.show(comment.below, 0, true);
  };

  const path = () => "comments/" + comment.id;

  function own() {
    return {
      path: path(),
      question: words.deleteComment,
      fields: () => field(words.change, comment.body),
      changed: (answer) => list.put(answer.comment),
      deleted() {
        list.put({ ...comment, deleted: true });
        row.focus();
        panel.say(words.deletedComment);
        list.refresh();
      },
    };
  }

  function answer(event) {
    const send = (values, submission) => list.send(values, submission, comment.id);
    const form = box(panel, path() + "/reply", field(fill(words.replyTo, nameOf(comment))), send, acts.close);
    acts.open(reply, form, event);
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

// Of the first and the last name.
function initials(name) {
  const names = name.split(/\s+/);
  return [names.shift(), names.pop() || ""].map((part) => [...part][0] || "").join("");
}

function hue(name) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt()) % 360, 0);
}
