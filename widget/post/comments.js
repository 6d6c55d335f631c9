// What is said below a post: threads, the official answer before all.

import { button, el } from "../panel/dom.js";
import { keyed } from "../keyed/keyed.js";
import { words } from "../panel/words.js";
import { commentRow } from "./comment.js";

const DEEPEST = 3;

/** The list, an element with {pages, isClosed, show, send, put, refresh}. */
export function commentList(panel, path, refresh) {
  let next;
  let known = new Map();
  const list = el("ol", { role: "list" });
  const more = button("more", load, words.more);
  const whole = el("div", { className: "comments" }, list, more);
  const rows = keyed(list, (comment) => commentRow(panel, whole, comment));

  /** Shows these and no others, but for what one is writing at, and what one wrote behind them. */
  function show({ data, next: following }) {
    const before = known;
    next = following;
    known = new Map(data.map((comment) => [comment.id, comment]));
    for (const [id, comment] of before) {
      const isBehind = next && comment.mine && id > next;
      const isInUse = ["", "/reply"].some((form) => panel.drafts[`comments/${id}${form}`]);
      if (!known.has(id) && (isBehind || isInUse)) known.set(id, { ...comment, deleted: !isBehind });
    }
    arrange();
  }

  function arrange() {
    rows.show(threads([...known.values()]), 0, true);
    more.hidden = !next;
  }

  function put(comment) {
    panel.votes++;
    known.set(comment.id, comment);
    arrange();
  }

  /** Words that were changed since a first try that did arrive are changed there. */
  async function send({ body }, submission, parent) {
    let { comment } = await panel.ask(path + "/comments", { body, parent, submission });
    if (comment.editable && comment.body !== body) ({ comment } = await panel.ask(`comments/${comment.id}/edit`, { body }));
    put(comment);
    panel.say(words.commented);
    panel.page.emit("comment", { post: +path.slice(6), comment: comment.id });
    refresh();
  }

  async function load() {
    try {
      const page = await panel.read(path + "/comments/after", { after: next });
      for (const comment of page.data) known.set(comment.id, comment);
      next = page.next;
      whole.pages++;
      arrange();
      list.lastChild.focus();
    } catch (problem) {
      panel.fail(problem);
    }
  }

  return Object.assign(whole, { pages: 1, show, send, put, refresh });
}

// Each with those `below` it. What is answered deeper down than there is room for says so: it has what it answers as `to`.
function threads(comments) {
  const top = { below: [], depth: 0 };
  const places = new Map();
  for (const comment of comments.sort((a, b) => b.official - a.official || a.id - b.id)) {
    const answered = places.get(comment.parent);
    const above = (!comment.official && answered) || top;
    const host = above.depth < DEEPEST ? above : above.host;
    const place = { ...comment, host, below: [], depth: host.depth + 1, to: host !== answered && answered };
    places.set(comment.id, place);
    host.below.push(place);
  }
  return top.below;
}
