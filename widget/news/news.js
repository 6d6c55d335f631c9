// The view *news*: what shipped, the newest first, and what people think of it.

import { button, el } from "../panel/dom.js";
import { keyed } from "../keyed/keyed.js";
import { notice, skeleton } from "../panel/states.js";
import { day, explain, short, words } from "../panel/words.js";
import { rich, richStyle } from "../text/text.js";

const SIGNS = { like: "👍", love: "❤️", celebrate: "🎉", confused: "😕" };
const MOST_PAGES = 20; // looked through for one entry

/** Makes the view: {element, enter({entry}), refresh, update, focus}. */
export function view(panel) {
  const { page } = panel;
  const fresh = new Set();
  let cursor = null;
  let pages = 0;
  let asked = 0;
  let wanted;
  const list = el("ol", { className: "news", role: "list" });
  const state = el("div", {}, skeleton());
  const more = button("more", () => load(cursor), words.more);
  const element = el("div", { className: "view" }, list, state, more);
  const entries = keyed(list, (entry) => story(panel, entry, fresh));
  panel.frame.style(richStyle + "%news.css%");
  more.hidden = true;

  function enter({ entry }) {
    wanted = +entry;
    return load();
  }

  // The first page is what the server takes for a look at all of it.
  async function load(after) {
    const turn = ++asked;
    const { unread } = page;
    try {
      const answer = await panel.read("news", { cursor: after || undefined });
      if (turn === asked) show(answer, after, unread);
    } catch (problem) {
      if (turn === asked) refuse(problem);
    }
  }

  function show({ data, next_cursor: next }, after, unread) {
    if (!after) data.slice(0, unread).forEach(({ id }) => fresh.add(id));
    pages = after ? pages + 1 : pages || 1;
    if (after || pages === 1) cursor = next;
    const { size } = entries.made;
    entries.show(data, after && size, pages === 1);
    // Never from a hidden button to the page.
    if ((after || !cursor) && more.matches(":focus")) {
      (list.children[size] || list.lastChild)?.querySelector("h3").focus();
    }
    more.hidden = !cursor;
    state.replaceChildren(...(entries.made.size ? [] : [notice(words.noNews, words.noNewsHint)]));
    if (!after && page.unread) page.count(0);
    if (wanted) seek();
  }

  function seek() {
    const found = entries.made.get(wanted);
    if (!found && cursor && pages < MOST_PAGES) return load(cursor);
    found?.point();
    wanted = 0;
  }

  function refuse(problem) {
    if (entries.made.size) return panel.fail(problem);
    state.replaceChildren(notice(explain(problem), "", button("quiet", () => load(), words.again)));
  }

  return {
    element,
    enter,
    refresh: (hints) => hints?.every(({ type }) => !type.match("changelog")) || load(),
    update() {},
    focus: () => panel.frame.focus(),
  };
}

// One entry; its text is put in anew only when it is another one.
function story(panel, { id }, fresh) {
  let shown;
  const isNew = el("b", { role: "img", "aria-label": words.isNew });
  const date = el("time");
  const kinds = el("span", { className: "kinds" });
  const title = el("h3", { dir: "auto", tabIndex: -1 });
  const text = el("div", { className: "rich folded", dir: "auto", tabIndex: -1 });
  const on = button("quiet", () => unfold() || text.focus(), words.readOn);
  const ideas = el("ul", { role: "list" });
  const linked = el("section", {}, el("h4", { textContent: words.fromIdeas }), ideas);
  const pressed = reactions(panel, id);
  const about = el("div", { className: "facts" }, isNew, date, kinds);
  const whole = el("li", {}, about, title, text, on, linked, pressed);
  text.addEventListener("focusin", unfold);
  // It grows when pictures come.
  new ResizeObserver(measure).observe(text);

  function measure() {
    on.hidden = !text.matches(".folded") || text.scrollHeight <= text.clientHeight + 1;
  }

  function unfold() {
    text.classList.remove("folded");
    on.hidden = true;
  }

  whole.point = () => {
    unfold();
    title.focus();
    whole.scrollIntoView();
  };
  whole.update = (entry) => {
    isNew.hidden = !fresh.has(id);
    date.dateTime = entry.published_at;
    date.textContent = day(entry.published_at);
    kinds.replaceChildren(...entry.categories.map((textContent) => el("span", { dir: "auto", textContent })));
    title.textContent = entry.title;
    if (shown !== (shown = JSON.stringify(entry.text))) text.replaceChildren(...rich(entry.text));
    linked.hidden = !entry.posts.length;
    ideas.replaceChildren(...entry.posts.map((post) => el("li", {}, link(panel, post))));
    pressed.update(entry.reactions);
  };
  return whole;
}

function link(panel, { number, title }) {
  const made = button("title", () => panel.go("post", { post: number }), title);
  made.dir = "auto";
  return made;
}

function reactions(panel, id) {
  const group = el("div", { className: "felt", role: "group", "aria-label": words.reactions });
  const names = { like: words.like, love: words.love, celebrate: words.celebrate, confused: words.confused };
  const buttons = keyed(group, ({ id: kind }) => {
    const count = el("span");
    const made = button("", () => react(made), SIGNS[kind], count);
    made.update = (now) => {
      made.now = now;
      count.textContent = now.count ? short(now.count) : "";
      made.setAttribute("aria-pressed", now.mine);
      made.setAttribute("aria-label", names[kind] + (now.count ? ", " + short(now.count) : ""));
    };
    return made;
  });
  const show = (all) => buttons.show(all.map((one) => ({ id: one.kind, ...one })));
  group.update = (all) => group.busy || show(all);

  // Shown at once, taken back when the server says no.
  async function react(made) {
    const { now } = made;
    if (group.busy) return;
    group.busy = true;
    const on = !now.mine;
    made.update({ ...now, mine: on, count: now.count + (on ? 1 : -1) });
    try {
      show((await panel.ask(`news/${id}/reaction`, { kind: now.id, on })).reactions);
      panel.votes++;
    } catch (problem) {
      made.update(now);
      panel.fail(problem);
    }
    group.busy = false;
  }

  return group;
}
