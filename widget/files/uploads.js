// Files on their way to a post that is already safe: two at a time, each by itself, until they are there or given up.

import { button, el, icon } from "../panel/dom.js";
import { explain, fill, plural, words } from "../panel/words.js";
import { fileRow, removal } from "./rows.js";

const AT_ONCE = 2;
const DONE = "M5 12.5l4.5 4.5L19 7.5";

/** Begins to send the files; returns the list that shows how far they are. `anonymous`: the token of who wrote the post. */
export function uploads(panel, number, files, anonymous) {
  const { page } = panel;
  const list = el("ul", { className: "sendings", role: "list", "aria-label": words.files });
  const element = el("section", { className: "uploads" }, list);
  const rows = files.map(line);
  let sent = 0;
  list.append(...rows);
  panel.drafts["uploads" + number] = element;
  addEventListener("online", resume, { signal: page.signal });
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
    row.state = "sending";
    try {
      if (row.status !== 0 || !(await isThere(row))) await send(row);
      arrived(row);
    } catch (problem) {
      if (row.state === "sending") failed(row, problem);
    }
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
    if (!sent) return;
    const said = plural(words.filesSent, sent);
    panel.say(said);
    if (!count("failed")) {
      list.replaceWith(el("p", { textContent: said }));
      delete panel.drafts["uploads" + number];
    }
    panel.read(`posts/${number}`).then(({ post }) => panel.update(post)).catch(() => {});
  }

  // No answer came: it may have arrived, and must not arrive twice.
  async function isThere(row) {
    const isSame = ({ name }) => name === row.file.name;
    const { post } = await panel.read(`posts/${number}`);
    const others = rows.filter((one) => one !== row && isSame(one.file) && (one.state === "sent" || one.state === "sending"));
    return post.files.filter(isSame).length > others.length;
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

  function post(row) {
    const { session } = page;
    const parts = { key: page.key, ...(session ? { session } : { anonymous: page.anonymous() || anonymous }), file: row.file };
    const data = new FormData();
    const request = (row.request = new XMLHttpRequest());
    for (const name in parts) if (parts[name]) data.append(name, parts[name]);
    request.open("POST", `${page.base}api/widget/posts/${number}/files`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => (row.bar.value = loaded / total);
    return new Promise((done, fail) => {
      request.onloadend = () => {
        const { status, response } = request;
        if (status === 201) done();
        else fail({ ...response, status });
      };
      request.send(data);
    });
  }
}
