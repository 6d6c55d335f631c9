// A post as others see it: its votes, its title, where it stands.

import { button, el, icon } from "./dom.js";
import { fill, plural, short, words } from "./words.js";

/** Where a post stands: a dot in the status's colour and its name. `update(post)` keeps it current. */
export function statusPill(post) {
  const dot = el("i");
  const name = el("span");
  const pill = el("span", { className: "status" }, dot, name);
  pill.update = ({ status }) => {
    dot.style.background = status.color;
    name.textContent = status.name;
  };
  pill.update(post);
  return pill;
}

/** The button that votes and takes the vote back. */
export function voteButton(panel, post) {
  const count = el("b");
  const vote = button("vote", () => toggleVote(panel, vote), icon("M6 15l6-6 6 6"), count);
  vote.update = (fresh) => {
    vote.post = fresh;
    count.textContent = short(fresh.votes);
    vote.setAttribute("aria-pressed", fresh.voted);
    vote.setAttribute("aria-label", fill(words.voteFor, fresh.title, plural(words.votes, fresh.votes)));
  };
  vote.update(post);
  return vote;
}

/** Casts or takes back a vote and shows the result wherever the post is on screen. */
export async function castVote(panel, post, voted) {
  const answer = await panel.ask(`posts/${post.number}/vote`, { voted });
  panel.votes++;
  panel.update(answer.post);
  panel.say(voted ? words.counted : words.uncounted);
  panel.page.emit("vote", { post: post.number, voted });
  return answer.post;
}

// Shown at once, taken back when the server says no.
async function toggleVote(panel, vote) {
  const { post } = vote;
  if (vote.busy) return;
  vote.busy = true;
  const voted = !post.voted;
  vote.update({ ...post, voted, votes: post.votes + (voted ? 1 : -1) });
  try {
    await castVote(panel, post, voted);
  } catch (problem) {
    vote.update(post);
    panel.fail(problem);
  }
  vote.busy = false;
}

/** A card of the list. */
export function postCard(panel, post) {
  const vote = voteButton(panel, post);
  const title = button("title", () => panel.go("post", { post: post.number, card: vote.post }));
  const body = el("p", { dir: "auto" });
  const status = statusPill(post);
  const said = el("span");
  const comments = el("span", { className: "said", role: "img" }, icon("M4 5h16v11h-9l-4 4v-4H4z"), said);
  const mine = el("span");
  const facts = el("div", { className: "facts" }, status, comments, mine);
  const card = el("li", { className: "card" }, vote, el("div", {}, title, body, facts));
  card.update = (fresh) => {
    title.textContent = fresh.title;
    body.textContent = fresh.body;
    body.hidden = !fresh.body;
    said.textContent = short(fresh.comments || 0);
    comments.hidden = !fresh.comments;
    comments.setAttribute("aria-label", plural(words.comments, fresh.comments || 0));
    mine.textContent = fresh.held ? words.waiting : fresh.mine ? words.yours : "";
    status.hidden = fresh.held;
    status.update(fresh);
    if (!vote.busy) vote.update(fresh);
  };
  card.update(post);
  title.dir = "auto";
  return card;
}
