// The view *post*: one post, its votes and where it stands, kept current.

import { statusPill, voteButton } from "../panel/card.js";
import { button, el, icon } from "../panel/dom.js";
import { day, explain, words } from "../panel/words.js";

/** Makes the view: {element, enter({post, card, note}), refresh, update}. */
export function view(panel) {
  let number = 0;
  let shown = null;
  const back = button("back", () => panel.go("list"), icon("M15 5l-7 7 7 7"), words.tabList);
  const content = el("article");
  const element = el("div", { className: "view" }, back, content);

  function enter({ post, card, note }) {
    number = post;
    shown = null;
    content.replaceChildren(...(note ? [el("p", { className: "note", textContent: note })] : []));
    if (card) update(card);
    return refresh();
  }

  async function refresh() {
    const asked = number;
    try {
      const answer = await panel.read(`posts/${asked}`);
      if (asked === number) update(answer.post);
    } catch (problem) {
      if (asked === number) refuse(problem);
    }
  }

  function update(post) {
    if (post.number !== number) return;
    if (!shown) content.append((shown = story(panel, post)));
    shown.update(post);
  }

  function refuse(problem) {
    if (shown && problem.status !== 404) return panel.fail(problem);
    shown = null;
    const textContent = problem.status === 404 ? words.missing : explain(problem);
    content.replaceChildren(el("p", { className: "problem", role: "alert", textContent }));
  }

  return { element, enter, refresh, update, focus: () => back.focus() };
}

function story(panel, post) {
  const title = el("h3", { dir: "auto" });
  const body = el("p", { className: "text", dir: "auto" });
  const status = statusPill(post);
  const vote = voteButton(panel, post);
  const date = el("time", { dateTime: post.created_at, textContent: day(post.created_at) });
  const link = el("a", { href: post.url, target: "_blank", rel: "noopener", textContent: words.openBoard });
  const head = el("div", { className: "head" }, vote, el("div", {}, title, el("div", { className: "facts" }, status, date)));
  const whole = el("div", {}, head, body, link);
  whole.update = (fresh) => {
    title.textContent = fresh.title;
    body.textContent = fresh.body;
    status.update(fresh);
    if (!vote.busy) vote.update(fresh);
  };
  return whole;
}
