// A post itself: what it says, where it stands, and what its reader can do about it.

import { statusPill, voteButton } from "../panel/card.js";
import { button, el, icon } from "../panel/dom.js";
import { day, plural, words } from "../panel/words.js";
import { rich } from "../text/text.js";
import { actions, box } from "../write/write.js";
import { field } from "./comment.js";
import { commentList } from "./comments.js";
import { fileList, renew } from "./files.js";

/** Everything about one post. `update(post)` takes a card or a whole post, `show(comments)` what is below it. What it cannot show
    by itself it leaves to `refresh()`, and its end to `leave(isOnScreen)`. */
export function postStory(panel, post, refresh, leave) {
  const path = "posts/" + post.number;
  const title = el("h3", { dir: "auto" });
  const text = el("div", { className: "rich", dir: "auto" });
  const files = fileList(refresh);
  const status = statusPill(post);
  const vote = voteButton(panel, post);
  const notes = el("span");
  const head = el("div", { className: "head" }, vote, el("div", {}, title, el("div", { className: "facts" }, status, notes)));
  const follow = button("quiet", toggleFollow, icon("M6 17v-7a6 6 0 0 1 12 0v7zM4 17h16M10 20.5h4"), words.follow);
  const link = el("a", { href: post.url, target: "_blank", textContent: words.openBoard });
  const acts = actions(panel, { path, question: words.deletePost, fields, changed, deleted }, follow);
  const count = el("h3", { className: "count" });
  const comments = commentList(panel, path, refresh);
  const closed = el("p", { className: "closed", textContent: words.closed });
  const write = box(panel, path + "/comments", field(words.comment), comments.send);
  const whole = el("div", {}, head, text, files, acts, count, comments, closed, write);
  acts.append(link);

  whole.update = (fresh) => {
    post = { ...post, ...fresh };
    const { locked } = post;
    const board = panel.facts()?.boards.find(({ key }) => key === post.board);
    const said = [post.held && words.waiting, post.mine && words.yours, board?.name, day(post.created_at)];
    title.textContent = post.title;
    renew(text, post.text || [post.body], rich);
    text.hidden = !post.body;
    files.update(post.files || []);
    status.update(post);
    if (!vote.busy) vote.update(post);
    notes.textContent = said.filter(Boolean).join(" · ");
    follow.setAttribute("aria-pressed", !!post.following);
    acts.update(post.editable);
    count.textContent = plural(words.comments, post.comments || 0);
    comments.isClosed = locked;
    closed.hidden = !locked;
    follow.hidden = !post.text;
    write.hidden = !post.text || (locked && !panel.drafts[path + "/comments"]);
  };

  whole.comments = comments;

  async function toggleFollow() {
    const following = !post.following;
    try {
      changed(await panel.ask(path + "/follow", { following }));
      panel.say(following ? words.followed : words.unfollowed);
    } catch (problem) {
      panel.fail(problem);
    }
  }

  function changed(answer) {
    panel.votes++;
    panel.update(answer.post);
  }

  function deleted() {
    leave(whole.isConnected);
  }

  function fields() {
    const title = { label: words.title, value: post.title, required: true, maxLength: 200 };
    return { title, body: { label: words.body, value: post.body, maxLength: 10000 } };
  }

  return whole;
}
