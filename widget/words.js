// Everything the panel says, in English.

const whole = new Intl.NumberFormat("en");

export const words = {
  feedback: "Feedback",
  close: "Close",
  views: "Views",
  newPost: "New post",
  allPosts: "All posts",
  title: "What is on your mind?",
  titleHint: "In one short sentence",
  body: "Details",
  optional: "optional",
  bodyHint: "What are you trying to do, and what gets in the way?",
  board: "Board",
  send: "Send",
  sending: "Sending…",
  again: "Try again",
  as: (name) => `Posting as ${name}`,
  anonymously: "Posting anonymously",
  titleMissing: "Please write a short title first.",
  kept: "Your text is still here.",
  similar: "Is it one of these?",
  similarFound: (count) => (count === 1 ? "1 similar post found" : `${count} similar posts found`),
  instead: "Vote for this instead",
  voted: "You voted",
  thanks: "Thank you! Your post is in, and its status will show here.",
  counted: "Your vote is counted.",
  uncounted: "Your vote is taken back.",
  order: "Order",
  top: "Top",
  new: "New",
  trending: "Trending",
  more: "Show more",
  empty: "Nothing here yet",
  emptyHint: "Be the first to say what you would like to see.",
  first: "Write the first post",
  loading: "Loading…",
  votes: (count) => (count === 1 ? "1 vote" : `${whole.format(count)} votes`),
  voteFor: (title, count) => `Vote for “${title}”, ${words.votes(count)}`,
  mine: "yours",
  openBoard: "Open on the board",
  unreachable: "We could not reach the server. Please check your connection.",
  failed: "That did not work. Please try again.",
  missing: "This post is no longer here.",
};

/** What went wrong, as a sentence for the reader. */
export function explain(problem) {
  if (!problem.status) return words.unreachable;
  return problem.detail || words.failed;
}
