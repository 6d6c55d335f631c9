// What the bare form lacks: posts that are alike, the workspace's own questions, files, and a word beside the field that is
// wrong.

import { chunk } from "../panel/chunks.js";
import { explain, fill, words } from "../panel/words.js";
import { about } from "./about.js";
import { complain, isWrong } from "./complain.js";
import { questions } from "./questions.js";
import { similarPosts } from "./similar.js";

/** Adds all this to the form of the view *new*: {follow, isWrong, refused, said, sent}. */
export function extend(panel, form) {
  const { element, draft, title, body } = form;
  const similar = similarPosts(panel);
  const asked = questions(panel, form);
  let files;
  panel.frame.style("%form.css%");
  title.required = true;
  title.wrong = words.titleMissing;
  title.parentNode.after(similar.element);
  chunk("files").then(({ attachments }) => (files = attachments(panel, form))).catch(console.warn);
  element.addEventListener("keydown", hurry, true);
  window.visualViewport?.addEventListener("resize", reveal, { signal: panel.page.signal });

  function hurry(event) {
    if (event.key !== "Enter" || event.isComposing || !(event.metaKey || event.ctrlKey)) return;
    event.stopPropagation();
    form.submit(event);
  }

  // A phone's keyboard has come up under the panel.
  function reveal() {
    const { activeElement } = element.getRootNode();
    if (element.contains(activeElement)) activeElement.scrollIntoView({ block: "nearest" });
  }

  /** Something was typed into `input`, or learned. */
  function follow(input) {
    if (input) complain([input], []);
    if (input?.type === "checkbox") draft.values[input.name] = input.checked;
    similar.look(`${title.value}\n${body.value.slice(0, 500)}`);
    asked.follow();
  }

  /** What the foot of the form says after a refusal; the rest stands beside the fields. */
  function refused(refusal) {
    const { errors = [] } = refusal;
    const marked = complain(element.elements, errors).map(({ name }) => name);
    const other = errors.find(({ field }) => !marked.includes(field));
    asked.refused(other);
    return other?.message || (marked[0] ? "" : `${explain(refusal)} ${words.kept}`);
  }

  /** The post is there: what is told of it, and the list of the files that are on their way from here on. */
  function sent({ number, held }, anonymous) {
    const { guest } = asked.said();
    const note = held ? words.heldNote : words.thanks;
    asked.clear();
    return { note: guest ? `${note} ${fill(words.confirm, guest.email)}` : note, uploads: files?.send(number, anonymous) };
  }

  return {
    follow,
    isWrong: () => isWrong(element.elements),
    refused,
    said: () => ({ ...asked.said(), meta: about({ ...panel.page.meta, ...draft.meta }) }),
    sent,
  };
}
