// Files on their way to a post that is already safe: two at a time, each by itself, until they are there or given up.

import { button, el, icon } from "../panel/dom.js";
import { explain, fill, plural, words } from "../panel/words.js";
import { fileRow, isPicture, removal } from "./rows.js";

const AT_ONCE = 2;
const DONE = "M5 12.5l4.5 4.5L19 7.5";

/** Begins to send the files; returns the list that shows how far they are. `anonymous`: the token of who wrote the post. */
export function uploads(panel, number, files, anonymous) {
  const { page } = panel;
  const list = el("ul", { className: "sendings", role: "list", "aria-label": words.files });
  const element = el("section", { className: "uploads" }, list);
  const rows = files.map(line);
  const known = new Set(); // ids of files of the post that are no answer to what may have arrived
  let sent = 0;
  list.append(...rows);
  panel.drafts["uploads" + number] = element;
  next();
  return element;

  function line(file) {
    const row = fileRow(file, removal(words.cancel, file.name, () => cancel(row)));
    row.file = file;
    row.state = "waiting";
    row.bar = el("progress", { max: 1, value: 0, "aria-label": fill(words.sendingFile, file.name) });
    row.problem = el("p", { className: "problem", role: "alert" });
    row.again = button("quiet", () => retry(row) || row.lastChild.focus(), words.again);
    row.again.hidden = true;
    row.about.append(row.bar, row.problem, row.again);
    return row;
  }

  function count(state) {
    return rows.filter((row) => row.state === state).length;
  }

  function next() {
    for (const row of rows) if (row.state === "waiting" && count("sending") < AT_ONCE) start(row);
    if (!count("waiting") && !count("sending")) finish();
  }

  async function start(row) {
    let trouble;
    row.state = "sending";
    try {
      if (!(await isThere(row))) await send(row);
    } catch (problem) {
      trouble = problem;
    }
    // Who cancels goes on to the next one at once.
    if (row.state !== "sending") return;
    if (trouble) failed(row, trouble);
    else arrived(row);
    next();
  }

  function arrived(row) {
    row.state = "sent";
    sent++;
    row.bar.remove();
    if (row.contains(panel.frame.root.activeElement)) panel.frame.focus();
    row.lastChild.replaceWith(icon(DONE));
  }

  function failed(row, problem) {
    row.state = "failed";
    row.status = problem.status || 0;
    row.bar.hidden = true;
    row.problem.textContent = explain(problem);
    // What the server has looked at and refused, it refuses again.
    row.again.hidden = problem.status >= 400 && problem.status < 500 && problem.status !== 401 && problem.status !== 429;
    if (!row.status) addEventListener("online", resume, { signal: page.signal });
    panel.report(problem);
  }

  function retry(row) {
    row.state = "waiting";
    row.problem.textContent = "";
    row.again.hidden = true;
    row.bar.hidden = false;
    row.bar.value = 0;
    next();
  }

  function resume() {
    for (const row of rows) if (row.state === "failed" && !row.status) retry(row);
  }

  function cancel(row) {
    row.state = "cancelled";
    row.remove();
    if (!list.firstChild) panel.frame.focus();
    row.request?.abort();
    next();
  }

  // The list has done its work when nothing is left that somebody may want to try again.
  function finish() {
    const said = plural(words.filesSent, sent);
    if (!count("failed")) {
      removeEventListener("online", resume);
      delete panel.drafts["uploads" + number];
      if (!sent) return element.remove();
      list.replaceWith(el("p", { textContent: said }));
    }
    if (!sent) return;
    panel.say(said);
    panel.read(`posts/${number}`).then(({ post }) => panel.update(post)).catch(() => {});
  }

  // No answer came: it may have arrived, and must not arrive twice. Of several alike all may be missing but one: rather
  // twice than not at all.
  async function isThere(row) {
    if (!row.isUnsure) return false;
    const { post } = await panel.read(`posts/${number}`);
    const found = post.files.filter((kept) => !known.has(kept.id) && isSame(row.file, kept));
    const alike = rows.filter(({ isUnsure, file }) => isUnsure && found.some((kept) => isSame(file, kept)));
    const all = found.length >= alike.length;
    for (const { id } of all ? found.slice(0, 1) : found) known.add(id);
    row.isUnsure = false;
    return all && !!found[0];
  }

  async function send(row, again) {
    try {
      return await post(row);
    } catch (problem) {
      if (problem.status !== 401 || again) throw problem;
      // Whatever is asked renews who we are.
      await panel.ask("ticket");
      return send(row, true);
    }
  }

  async function post(row) {
    const { session } = page;
    const parts = { key: page.key, ...(session ? { session } : { anonymous: page.anonymous() || anonymous }), file: row.file };
    const data = new FormData();
    const request = (row.request = new XMLHttpRequest());
    for (const name in parts) if (parts[name]) data.append(name, parts[name]);
    request.open("POST", `${page.base}api/widget/posts/${number}/files`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => (row.bar.value = loaded / total);
    if (row.state !== "sending") return;
    row.isUnsure = true;
    await new Promise((done) => {
      request.onloadend = done;
      request.send(data);
    });
    const { status, response } = request;
    row.isUnsure = status !== 201 && !(status >= 400 && status < 500);
    if (status !== 201) throw { ...response, status };
    known.add(response?.file.id);
  }
}

// A picture is written anew by the server. Of a name it keeps what is harmless, and gives it the ending of the content.
function isSame(file, kept) {
  return kept.size === file.size || (isPicture(kept) && !kept.waiting && stem(kept) === stem(file));
}

function stem({ name }) {
  return name.normalize().replace(/\.[^.]*$|[^\p{L}\p{N}]/gu, "").slice(0, 60);
}
