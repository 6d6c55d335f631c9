// The rest of the widget, in pieces, beside this one.

const needs = "%needs%"; // what each chunk imports itself

/** The module of a chunk by its name, "post". All of it is fetched first: a browser remembers a module that did not come, and
    would never ask for it again. Rejects with {status} when the server has no such piece. */
export async function chunk(name) {
  const files = [name, ...(needs[name] || [])].map((each) => new URL("./" + each + ".js", import.meta.url));
  const answers = await Promise.all(files.map((file) => fetch(file)));
  const missing = answers.find((answer) => !answer.ok);
  if (missing) throw Object.assign(Error(missing.url), { status: missing.status });
  return import(files[0]);
}
