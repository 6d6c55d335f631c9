// Everything the widget says, in the reader's language. What the panel says in English is here at once, the rest comes when
// it is wanted. In the sources a word has a name, like `close`; the build writes its number.

import { chunk } from "./chunks.js";

export const words = "%words%";
const english = [...words];
const others = "%languages%";
let language = "en";
let parts = {};

/** The first of these languages (tags, or nothing) that there is a catalogue for. */
export function choose(...wanted) {
  const plain = wanted.filter(Boolean).map((tag) => tag.toLowerCase().split("-")[0]);
  return plain.find((tag) => tag === "en" || others.includes(tag)) || "en";
}

/** Speaks this language from now on; without its catalogue, English. */
export async function speak(wanted) {
  parts = {};
  language = wanted;
  Object.assign(words, english);
  if (wanted !== "en") await learn("panel").catch(() => (language = "en"));
}

/** The words of a part of the catalogue, before what says them is shown: "views" or "form". Who speaks another language by
    the time they come gets those of that one. */
export function learn(part) {
  const mine = parts;
  mine[part] ||= chunk(part + "." + language).then(({ begin, texts }) => {
    if (mine !== parts) return learn(part);
    texts.forEach((text, index) => (words[begin + index] = text));
  });
  mine[part].catch(() => (mine[part] = null));
  return mine[part];
}

/** A text with {0}, {1}… filled in. */
export function fill(text, ...values) {
  return text.replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** What is said of so many: `forms` by the language's own plural rules. */
export function plural(forms, count) {
  const form = forms[new Intl.PluralRules(language).select(count)] || forms.other;
  return fill(form, new Intl.NumberFormat(language).format(count));
}

/** A number in few characters, as on a vote button. */
export function short(count) {
  return new Intl.NumberFormat(language, { notation: "compact" }).format(count);
}

/** The day of a moment (RFC 3339). */
export function day(moment) {
  return new Date(moment).toLocaleDateString(language, { dateStyle: "medium" });
}

/** What went wrong, as a sentence for the reader. */
export function explain({ status, detail }) {
  if (!status) return words.unreachable;
  if (status === 429) return words.tooMany;
  if (status === 404 && !detail) return words.outdated;
  return (status < 500 && detail) || words.failed;
}
