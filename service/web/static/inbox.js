/* The inbox: moving through the list with keys, doing things to a row or to those that are ticked, and new posts that arrive
   without moving what is being read. Without this script the boxes and the bar below the list do the same. */
(() => {
  const $ = (query, inside = document) => inside.querySelector(query);
  const $$ = (query, inside = document) => [...inside.querySelectorAll(query)];
  const rows = (inside = document) => $$("[data-list] .rows > li, .rows > li[data-number]", inside);
  const link = (row) => $("h2 a", row);
  const tick = (row) => $("[name=post]", row);
  const number = (row) => row.dataset.number;
  const ticked = () => rows().filter((row) => tick(row).checked);

  // ── the row that keys work on ──

  let last; // its number
  const current = () => document.activeElement.closest?.("li[data-number]") || rows().find((row) => number(row) === last);
  const go = (row) => {
    if (!row) return;
    const target = link(row) || row;
    target.focus();
    (target.closest("li") || target).scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const there = rows(), here = current(), more = $(".more a");
    if (by < 0 && more && more === document.activeElement) return go(there.at(-1));
    const index = here ? there.indexOf(here) + by : 0;
    if (index >= there.length) more?.focus();
    else go(there[Math.max(index, 0)]);
  };
  addEventListener("focusin", (event) => {
    const row = event.target.closest("li[data-number]");
    if (!row) return;
    last = number(row);
    for (const old of rows()) if (old !== row) old.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  });

  const count = () => {
    const chosen = ticked().length, words = $("[data-count]");
    if (words) words.textContent = chosen ? `${chosen} selected` : "With the selected posts";
    dispatchEvent(new Event("sayso:ticked"));
  };
  addEventListener("change", (event) => { if (event.target.matches("[data-all], [name=post]")) count(); });

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: () => link(current()).click(),
    x: () => { tick(current()).click(); },
    c: () => location.assign(`${link(current()).href}#words`),
    Enter: () => link(current()).click(),
  };
  addEventListener("sayso:key", (event) => {
    const { key, target } = event.detail;
    if (!keys[key] || (key === "Enter" && target.matches("a, button, summary"))) return;
    if (!rows().length || (!current() && key !== "j" && key !== "k")) return;
    event.preventDefault();
    keys[key]();
  });

  // ── doing something: to those that are ticked, else to the current row ──

  let meant = []; // what the open list is for, whatever becomes of the rows meanwhile: each post's number, and how it was
  const chosen = () => {
    const those = ticked();
    return (those.length ? those : [current()]).filter(Boolean)
      .map((row) => ({ post: number(row), was: $("[name=was]", row).value }));
  };
  addEventListener("sayso:choose", (event) => {
    if (event.target.form?.id !== "act") return;
    if (!chosen().length) go(rows()[0]);
    meant = chosen();
    if (!meant.length) event.preventDefault();
  });
  addEventListener("sayso:chosen", (event) => {
    const { target: field, detail } = event;
    if (field.form?.id !== "act") return;
    event.preventDefault();
    const work = { posts: meant, values: { [field.name]: detail.value }, boxes: detail.boxes, kind: field.dataset.button };
    queue = queue.then(() => act(work));
  });

  // the row that had the focus before may be gone
  addEventListener("close", ({ target: box }) => {
    if (document.activeElement === document.body || box.contains(document.activeElement)) go(current());
  }, true);

  // one after the other: who presses keys quickly is faster than the server
  let queue = Promise.resolve(), sent = [];
  const act = async ({ posts, values, boxes, kind }) => {
    const form = $("#act"), there = rows().map(number), numbers = posts.map(({ post }) => post);
    for (const row of rows()) tick(row).checked = numbers.includes(number(row));
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    for (const [name, checked] of Object.entries(boxes)) form.elements[name].checked = checked;
    const gone = posts.filter(({ post }) => !there.includes(post)).flatMap(Object.entries).map(hidden);
    form.append(...gone);
    sent = numbers;
    form.requestSubmit($(`button[value="${kind}"]:not([hidden])`, form));
    for (const each of gone) each.remove(); // page.js has read them
    await answered(form);
    sent = [];
    settle();
  };
  const hidden = ([name, value]) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
  // page.js marks a form that is on its way; it sends none twice, nor one that is not filled in as it should be
  const answered = (form) => new Promise((done) => {
    if (form.hasAttribute("aria-busy")) form.addEventListener("sayso:answered", done, { once: true });
    else done();
  });
  const settle = () => {
    if (!$("#act [aria-invalid=true], .bulk [role=alert]")) for (const row of rows()) tick(row).checked = false;
    count();
  };
  addEventListener("submit", async (event) => {
    if (event.target.id !== "act" || sent.length) return;
    sent = ticked().map(number);
    await answered(event.target);
    sent = [];
    settle();
  });

  // ── the list is renewed in place; what is new waits at the top ──

  const known = new Set(rows().map(number));
  addEventListener("sayso:renew", (event) => {
    const { target: old, detail: fresh } = event;
    if (!("list" in old.dataset)) return;
    if (!$(".rows", old) || !$(".rows", fresh)) {
      known.clear(); // nothing is being read: page.js puts in what there is
      setTimeout(() => { for (const row of rows()) known.add(number(row)); count(); });
      return;
    }
    event.preventDefault();
    renew(old, document.adoptNode(fresh));
    count();
  });

  const renew = (old, fresh) => {
    const place = $(".rows", old), next = rows(fresh), now = new Map(rows(old).map((row) => [number(row), row]));
    const there = new Set(next.map(number)), lastCommon = next.findLastIndex((row) => now.has(number(row)));
    const news = [];
    let anchor = null;
    next.forEach((row, index) => {
      const kept = now.get(number(row));
      if (kept) update(kept, row);
      else if (known.has(number(row)) || index > lastCommon) anchor ? anchor.after(row) : place.prepend(row);
      else return news.push(number(row));
      anchor = kept || row;
    });
    leave([...now.values()].filter((row) => !there.has(number(row)) && !isPushedOff(row, there, news)));
    for (const row of rows(old)) known.add(number(row));
    renewMore(old, fresh);
    announce(old, fresh, news);
  };
  // below everything that both lists have: it went only because something new stands above
  const isPushedOff = (row, there, news) => {
    if (!news.length || sent.includes(number(row))) return false;
    for (let below = row.nextElementSibling; below; below = below.nextElementSibling) if (there.has(number(below))) return false;
    return true;
  };
  const update = (row, fresh) => {
    row.className = fresh.className;
    if (row.innerHTML === fresh.innerHTML) return;
    const { checked } = tick(row), active = document.activeElement;
    const focus = row.contains(active) && (active.matches("[name=post]") ? tick : link);
    row.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    tick(row).checked = checked;
    if (focus) focus(row).focus({ preventScroll: true });
  };
  const leave = (gone) => {
    const here = current();
    let next = here;
    while (next && gone.includes(next)) next = next.nextElementSibling;
    if (!next) for (next = here; next && gone.includes(next);) next = next.previousElementSibling;
    const active = document.activeElement;
    const moves = here && gone.includes(here) && (active === document.body || here.contains(active));
    for (const row of gone) row.remove();
    if (here && gone.includes(here)) last = next ? number(next) : undefined;
    if (moves) go(next);
  };
  const renewMore = (old, fresh) => {
    const there = $(".more", old), next = $(".more", fresh);
    if (there && next) $("a", there).href = $("a", next).href;
    else if (there) there.remove();
    else if (next) old.append(next);
    const all = $(".all", old), words = $(".all", fresh);
    if (all && words) all.lastChild.textContent = words.lastChild.textContent;
  };
  const announce = (old, fresh, news) => {
    const place = $(".arrivals", old);
    if (!news.length) return place.replaceChildren();
    const words = news.length === 1 ? "1 new post" : `${news.length} new posts`;
    const button = $("button", place) || document.createElement("button");
    Object.assign(button, { type: "button", className: "button quiet slim", onclick: () => letIn(old, fresh, news) });
    if (button.textContent !== words) button.textContent = words;
    if (!button.isConnected) place.replaceChildren(button);
  };
  const letIn = (old, fresh, news) => {
    const now = new Map(rows(old).map((row) => [number(row), row]));
    $(".rows", old).replaceChildren(...rows(fresh).map((row) => now.get(number(row)) || row));
    $(".arrivals", old).replaceChildren();
    for (const row of rows(old)) known.add(number(row));
    count();
    go(rows(old).find((row) => news.includes(number(row))));
  };

  addEventListener("pageshow", count);
})();
