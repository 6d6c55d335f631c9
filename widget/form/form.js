// What the bare form lacks: posts that are alike, the workspace's own questions, files, and a word beside the field that is
// wrong.

import { chunk } from "../panel/chunks.js";
import { explain, fill, words } from "../panel/words.js";
import { about } from "./about.js";
import { complain, isWrong } from "./complain.js";
import { questions } from "./questions.js";
import { similarPosts } from "./similar.js";

/** Adds all this to the form of the view *new*: {amended, follow, isWrong, refused, said, sent}. */
export function extend(panel, form) {
  const { element, draft, title, body } = form;
  const viewport = window.visualViewport;
  const similar = similarPosts(panel);
  const asked = questions(panel, form);
  let files;
  panel.frame.style("%form.css%");
  title.required = true;
  title.wrong = words.titleMissing;
  title.parentNode.after(similar.element);
  chunk("files").then(({ attachments }) => (files = attachments(panel, form))).catch(console.warn);
  element.addEventListener("keydown", hurry, true);
  element.addEventListener("focusin", () => viewport?.addEventListener("resize", reveal));

  function hurry(event) {
    if (event.key !== "Enter" || event.isComposing || !(event.metaKey || event.ctrlKey)) return;
    event.stopPropagation();
    form.submit(event);
  }

  // A phone's keyboard has come up under the panel. Not for a form that was left, or built anew in another language.
  function reveal() {
    const { activeElement } = element.getRootNode();
    if (element.contains(activeElement)) activeElement.scrollIntoView({ block: "nearest" });
    else viewport.removeEventListener("resize", reveal);
  }

  /** Something was typed into `input`, or learned. */
  function follow(input) {
    if (input) complain([input], []);
    if (input?.type === "checkbox") draft.values[input.name] = input.checked;
    similar.look(`${title.value}\n${body.value.slice(0, 500)}`);
    asked.follow();
  }

  /** The post says what was `written`: that of an earlier try, whose answer was lost, is changed. Where that may no longer
      be done the words stay, for another post. */
  async function amended(written, answer) {
    const { title, body } = written;
    if (!draft.isUnsure || plain(answer.post) === plain(written)) return answer;
    try {
      return { ...answer, ...(await panel.ask(`posts/${answer.post.number}/edit`, { title, body })) };
    } catch (refusal) {
      // Not allowed any more, gone, or merged.
      if ([403, 404, 409].includes(refusal.status)) {
        draft.submission = "";
        refusal.errors = [{ message: words.tooLate }];
      }
      throw refusal;
    }
  }

  /** What the foot of the form says after a refusal; the rest stands beside the fields. */
  async function refused(refusal) {
    const { errors = [] } = refusal;
    draft.isUnsure ||= !(refusal.status < 500);
    await asked.refused(errors);
    const marked = complain(element.elements, errors).map(({ name }) => name);
    const other = errors.find(({ field }) => !marked.includes(field));
    return other?.message || (marked[0] ? "" : `${explain(refusal)} ${words.kept}`);
  }

  /** The post is there: what is told of it, and the list of the files that are on their way from here on. */
  function sent({ number, held }, anonymous) {
    const { guest } = asked.said();
    const note = held ? words.heldNote : words.thanks;
    asked.clear();
    draft.isUnsure = false;
    return { note: guest ? `${note} ${fill(words.confirm, guest.email)}` : note, uploads: files?.send(number, anonymous) };
  }

  return {
    amended,
    follow,
    isWrong: () => isWrong(element.elements),
    refused,
    said: () => ({ ...asked.said(), meta: about({ ...panel.page.meta, ...draft.meta }) }),
    sent,
  };
}

// Near enough to how the server keeps a text.
function plain({ title, body }) {
  return [title, body].join("\n").normalize().replace(/\s+/g, " ");
}
