// The view *post*: one post with all that is said about it, kept current under the hands of who reads and writes.

import { button, el, icon } from "../panel/dom.js";
import { notice, skeleton } from "../panel/states.js";
import { explain, fill, words } from "../panel/words.js";
import { richStyle } from "../text/text.js";
import { writeStyle } from "../write/write.js";
import { postStory } from "./story.js";

/** Makes the view: {element, enter({post, card, note, uploads}), refresh, update, focus}. */
export function view(panel) {
  let number, shown, focused;
  let asked = 0;
  const back = button("back", () => panel.go("list"), icon("M15 5l-7 7 7 7"), words.tabList);
  const content = el("article");
  const element = el("div", { className: "view" }, back, content);
  element.addEventListener("focusin", (event) => (focused = event.target));
  panel.frame.style(richStyle + writeStyle + "%post.css%");

  function enter({ post, card, note, uploads }) {
    number = post;
    shown = null;
    focused = back;
    const above = [note && el("p", { className: "note", textContent: note }), uploads || panel.drafts["uploads" + post]];
    content.replaceChildren(...above.filter(Boolean), skeleton());
    if (card) update(card);
    return load();
  }

  function update(post) {
    if (post.number !== number) return;
    if (!shown) content.lastChild.replaceWith((shown = postStory(panel, post, load, leave)));
    shown.update(post);
  }

  async function load() {
    const turn = ++asked;
    try {
      const answer = await read(number);
      if (turn === asked) show(answer);
    } catch (problem) {
      if (turn === asked) refuse(problem);
    }
  }

  // As many comments as are shown. An answer from before one's own last deed would take it back for a moment.
  async function read(post) {
    const { votes } = panel;
    const answer = await panel.read("posts/" + post);
    const { comments } = answer;
    for (let page = shown?.comments.pages; comments.next && page > 1; page--) {
      const { data, next } = await panel.read(`posts/${post}/comments/after`, { after: comments.next });
      comments.data.push(...data);
      comments.next = next;
    }
    return votes === panel.votes ? answer : read(post);
  }

  function show({ post, comments }) {
    if (post.merged_into) return leadOn(post);
    const refocus = hold();
    update(post);
    shown.comments.show(comments);
    refocus();
  }

  // What had the focus may be gone: then the nearest that is left.
  function hold() {
    const last = element.querySelector(":focus");
    const row = last?.closest("li");
    const near = [last, row, row?.nextSibling, row?.previousSibling, content.querySelector("textarea"), back];
    return () => last && near.find((one) => one?.getClientRects()[0]).focus({ preventScroll: true });
  }

  // What was being written goes along; who has left stays where they are.
  function leadOn({ merged_into: into, title }) {
    panel.drafts[`posts/${into}/comments`] ||= panel.drafts[`posts/${number}/comments`];
    if (element.isConnected) panel.go("post", { post: into, note: fill(words.merged, title) });
  }

  function refuse(problem) {
    const isGone = problem.status === 404;
    if (shown && (!isGone || element.querySelector(".acts[hidden]"))) return panel.fail(problem);
    shown = null;
    const again = !isGone && button("quiet", load, words.again);
    content.replaceChildren(el("div", { role: "alert" }, notice(isGone ? words.missing : explain(problem), "", again)));
  }

  // Its author has deleted it, and may be elsewhere by now.
  function leave(isHere) {
    if (isHere) panel.go("list");
    panel.say(words.deleted);
  }

  return {
    element,
    enter,
    // A merged post brings its comments along.
    refresh: (hints) => hints?.every(({ type, post }) => post !== number && !type.includes("merged")) || load(),
    update,
    focus: () => (focused.isConnected ? focused : back).focus(),
  };
}
