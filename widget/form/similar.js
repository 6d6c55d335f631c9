// Posts like the one being written, so that a vote can take its place.

import { castVote, statusPill } from "../panel/card.js";
import { button, el, icon } from "../panel/dom.js";
import { plural, short, words } from "../panel/words.js";

const PAUSE = 350;
const SHORTEST = 4;
const MOST = 3;

/** A box that follows what is being typed: {element, look(text)}. */
export function similarPosts(panel) {
  let timer, text;
  const list = el("ul", { role: "list" });
  const element = el("section", { className: "similar", hidden: true }, el("h3", { textContent: words.similar }), list);

  function look(typed) {
    if (typed.trim() === text) return;
    clearTimeout(timer);
    text = typed.trim();
    if (text.length < SHORTEST) show([]);
    else timer = setTimeout(find, PAUSE);
  }

  // A hint, never in the way: a failure shows nothing.
  async function find() {
    const asked = text;
    const { data } = await panel.read("similar", { text: asked }).catch(() => ({ data: [] }));
    if (asked === text) show(data.slice(0, MOST));
  }

  function show(hits) {
    if (hits.length && element.hidden) panel.say(plural(words.similarFound, hits.length));
    element.hidden = !hits.length;
    list.replaceChildren(...hits.map(({ post }) => suggestion(panel, post)));
  }

  return { element, look };
}

function suggestion(panel, post) {
  const title = button("title", () => panel.go("post", { post: post.number, card: post }), post.title);
  const vote = button("vote", () => voteInstead(panel, post), icon("M6 15l6-6 6 6"), el("b", { textContent: short(post.votes) }));
  const label = [post.voted ? words.voted : words.instead, post.title].join(": ");
  vote.disabled = post.voted;
  vote.setAttribute("aria-pressed", post.voted);
  vote.setAttribute("aria-label", [label, plural(words.votes, post.votes)].join(", "));
  title.dir = "auto";
  return el("li", {}, vote, el("div", {}, title, statusPill(post)));
}

async function voteInstead(panel, post) {
  try {
    const card = await castVote(panel, post, true);
    panel.go("post", { post: post.number, card, note: words.counted });
    panel.say(words.counted);
  } catch (problem) {
    panel.fail(problem);
  }
}
