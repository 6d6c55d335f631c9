// Posts like the one being written, so that a vote can take its place.

import { castVote, statusPill } from "./card.js";
import { button, el } from "./dom.js";
import { plural, words } from "./words.js";

const PAUSE = 350;
const SHORTEST = 4;
const MOST = 3;

/** A box that follows what is being typed: {element, look(text)}. */
export function similarPosts(panel) {
  let timer, text;
  const list = el("ul", { role: "list" });
  const element = el("section", { className: "similar", hidden: true }, el("h3", { textContent: words.similar }), list);

  function look(typed) {
    clearTimeout(timer);
    text = typed.trim();
    if (text.length < SHORTEST) show([]);
    else timer = setTimeout(find, PAUSE);
  }

  // A hint, never in the way: a failure shows nothing.
  async function find() {
    const asked = text;
    const { data } = await panel.ask("similar", { text: asked }).catch(() => ({ data: [] }));
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
  const vote = button("quiet", () => voteInstead(panel, post), post.voted ? words.voted : words.instead);
  vote.disabled = post.voted;
  vote.setAttribute("aria-label", `${vote.textContent}: ${post.title}`);
  title.dir = "auto";
  return el("li", {}, title, el("div", { className: "facts" }, statusPill(post), plural(words.votes, post.votes), vote));
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
