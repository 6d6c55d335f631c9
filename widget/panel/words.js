// Everything the panel says, in the reader's language. English is here at once, the others come when they are wanted.

export const words = "%words/en%";
const english = { ...words };
const others = "%languages%";
let language = "en";
let more;

/** The first of these languages (tags, or nothing) that there is a catalogue for. */
export function choose(...wanted) {
  const plain = wanted.filter(Boolean).map((tag) => tag.toLowerCase().split("-")[0]);
  return plain.find((tag) => tag === "en" || others.includes(tag)) || "en";
}

/** Puts the words of this language into `words`; without its catalogue they stay English. Returns what is spoken now. */
export async function speak(wanted) {
  const said = wanted === "en" ? english : (await import("./panel." + wanted + ".js")).default;
  Object.assign(words, said);
  more = null;
  return (language = wanted);
}

/** The words of all chunks but the panel, before the first of those is shown. */
export function speakMore() {
  more ||= import("./more." + language + ".js").then((chunk) => Object.assign(words, chunk.default));
  more.catch(() => (more = null));
  return more;
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
  return (status < 500 && detail) || words.failed;
}
