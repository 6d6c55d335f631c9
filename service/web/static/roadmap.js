/* Moves the cards of the roadmap: dragged by mouse, pen or finger (after a long press, so that a swipe still scrolls; by the
  grip at once), or by keyboard from the grip. Where a card is dropped is written into its own form, which is sent. */
(() => {
  const LONG_PRESS = 350, NEAR = 48, SPEED = 14; // milliseconds; pixels from an edge, and a frame
  const START = 6, SHAKY = 10; // pixels that a mouse moves before it drags, and a finger may while it presses
  const OPEN = "sayso:backlog"; // in sessionStorage: the backlogs that are open
  const board = () => document.getElementById("columns");
  const speaker = document.getElementById("moving");
  const say = (text) => { speaker.textContent = text; };
  const titled = (card) => card.querySelector(".what").textContent.trim();
  const column = (card) => card.closest(".column");
  const siblings = (list) => [...list.children].filter((each) => each.matches(".card"));
  const where = (card) => {
    const all = siblings(card.parentElement);
    return `${column(card).dataset.name}, ${all.indexOf(card) + 1} of ${all.length}`;
  };

  // ── one card that is lifted, by pointer or by keyboard ──

  let lifted = null; // { card, list, next, ghost, fresh }
  const lift = (card) => {
    lifted = { card, list: card.parentElement, next: card.nextElementSibling };
    card.classList.add("lifted");
  };
  const place = (list, before) => {
    const { card } = lifted;
    if (before === card || (card.parentElement === list && card.nextElementSibling === before)) return false;
    list.insertBefore(card, before);
    return true;
  };
  const lower = () => {
    const { card, ghost } = lifted;
    ghost?.remove();
    card.classList.remove("lifted");
    board().classList.remove("dragging");
    const was = lifted;
    lifted = null;
    return was;
  };
  const putBack = ({ card, list, next }) => list.insertBefore(card, next?.parentElement === list ? next : null);
  const cancel = () => {
    const was = lower();
    putBack(was);
    say(`${titled(was.card)} is back where it was.`);
    renew(was);
    grip(was.card)?.focus({ preventScroll: true });
  };
  const drop = () => {
    const was = lower(), { card } = was;
    if (card.parentElement === was.list && card.nextElementSibling === was.next) {
      say(`${titled(card)} stays where it was.`);
      return renew(was);
    }
    say(`${titled(card)} was dropped: ${where(card)}.`);
    send(was);
  };
  // what came while a card was in the air, and was kept away from it
  const renew = ({ fresh }) => {
    if (!fresh) return;
    unfold(fresh);
    board().replaceWith(document.adoptNode(fresh));
  };
  addEventListener("sayso:renew", (event) => {
    if (event.target !== board() || !lifted) return;
    lifted.fresh = event.detail;
    event.preventDefault();
  });

  const send = (was) => {
    const { card } = was, form = card.querySelector("form.place"), { status, after, notify } = form.elements;
    const kept = board();
    let done = false;
    status.value = column(card).dataset.status;
    after.value = card.previousElementSibling?.dataset.number || "";
    notify.checked = document.getElementById("tell").checked;
    form.addEventListener("sayso:sent", () => { done = true; }, { once: true });
    // was it refused without a new page, the card goes back
    form.addEventListener("sayso:answered", () => {
      form.reset();
      if (!done && board() === kept) putBack(was);
    }, { once: true });
    form.requestSubmit();
  };

  // ── by pointer ──

  let press = null, last = null, frame = 0;
  const grip = (card) => document.getElementById(card.id)?.querySelector(".grip");
  const forget = () => {
    clearTimeout(press?.timer);
    press?.card.classList.remove("pressed");
    press = null;
  };
  addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.(".columns .card");
    if (!card || lifted || event.button || !event.isPrimary) return;
    const byGrip = event.target.closest(".grip"), isTouch = event.pointerType === "touch";
    const onLink = event.target.closest("a"), onControl = event.target.closest("button, input, select, label, summary, form");
    if (!byGrip && (onLink ? !isTouch : onControl)) return;
    press = { card, isTouch, byGrip, id: event.pointerId, x: event.clientX, y: event.clientY };
    last = event;
    if (isTouch && !byGrip) {
      card.classList.add("pressed");
      press.timer = setTimeout(begin, LONG_PRESS);
    }
  });
  const begin = () => {
    const { card, x, y } = press, box = card.getBoundingClientRect();
    forget();
    getSelection().removeAllRanges();
    lift(card);
    board().classList.add("dragging");
    const ghost = card.cloneNode(true);
    for (const each of [ghost, ...ghost.querySelectorAll("[id]")]) each.removeAttribute("id");
    ghost.className = "ghost";
    ghost.setAttribute("aria-hidden", "true");
    ghost.inert = true;
    ghost.style.width = `${box.width}px`;
    document.body.append(ghost);
    Object.assign(lifted, { ghost, dx: box.left - x, dy: box.top - y });
    say(`${titled(card)} was picked up.`);
    follow();
  };
  addEventListener("pointermove", (event) => {
    if (press && event.pointerId === press.id) {
      const far = Math.hypot(event.clientX - press.x, event.clientY - press.y);
      last = event;
      if (press.timer ? far > SHAKY : far > START) press.timer ? forget() : begin();
    } else if (lifted?.ghost) last = event;
  });
  // once a frame, so that it also goes on while the pages scroll under a pointer at rest
  const follow = () => {
    if (!lifted?.ghost) return;
    const { ghost, dx, dy } = lifted, { clientX: x, clientY: y } = last;
    ghost.style.translate = `${x + dx}px ${y + dy}px`;
    const all = [...board().querySelectorAll(".column")];
    const distance = (each) => { const box = each.getBoundingClientRect(); return Math.max(box.left - x, x - box.right, 0); };
    const over = all.reduce((near, each) => (distance(each) < distance(near) ? each : near));
    const folded = over.querySelector("details.backlog");
    if (folded) folded.open = true;
    const list = over.querySelector("ol");
    place(list, siblings(list).find((each) => each !== lifted.card && middle(each) > y) || null);
    scrollNear(x, y);
    frame = requestAnimationFrame(follow);
  };
  const middle = (each) => { const box = each.getBoundingClientRect(); return box.top + box.height / 2; };
  const scrollNear = (x, y) => {
    const box = board().getBoundingClientRect();
    const by = (at, low, high) => (at < low + NEAR ? -SPEED : at > high - NEAR ? SPEED : 0);
    board().scrollBy(by(x, Math.max(box.left, 0), Math.min(box.right, innerWidth)), 0);
    scrollBy(0, by(y, 0, innerHeight));
  };
  addEventListener("pointerup", () => {
    forget();
    if (!lifted?.ghost) return;
    cancelAnimationFrame(frame);
    const { card } = lifted;
    addEventListener("click", swallow, { capture: true, once: true }); // a link under the pointer is not meant
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    drop();
    grip(card)?.focus({ preventScroll: true });
  });
  const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
  addEventListener("pointercancel", () => {
    forget();
    if (lifted?.ghost) { cancelAnimationFrame(frame); cancel(); }
  });
  addEventListener("touchmove", (event) => { if (lifted?.ghost && event.cancelable) event.preventDefault(); }, { passive: false });
  addEventListener("contextmenu", (event) => { if (press?.isTouch || lifted?.ghost) event.preventDefault(); });
  addEventListener("dragstart", (event) => { if (event.target.closest?.(".columns .card")) event.preventDefault(); });

  // ── by keyboard ──

  const STEPS = { ArrowUp: -1, ArrowDown: 1 };
  const SIDES = { ArrowLeft: -1, ArrowRight: 1 };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && lifted) {
      event.preventDefault();
      cancelAnimationFrame(frame);
      return cancel();
    }
    const handle = event.target.closest?.(".columns .grip");
    if (!handle || lifted?.ghost || event.ctrlKey || event.metaKey || event.altKey) return;
    const card = handle.closest(".card");
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (lifted) return drop();
      lift(card);
      say(`${titled(card)} was picked up: ${where(card)}. Arrow keys move it, Space drops it, Escape leaves it.`);
    } else if (lifted && (event.key in STEPS || event.key in SIDES)) {
      event.preventDefault();
      const moved = event.key in STEPS ? step(STEPS[event.key]) : aside(SIDES[event.key]);
      handle.focus({ preventScroll: true }); // a node that is moved loses it
      card.scrollIntoView({ block: "nearest", inline: "nearest" });
      say(moved ? where(card) : `${where(card)}: there is no further.`);
    }
  });
  addEventListener("focusout", (event) => {
    const left = lifted && !lifted.ghost && event.target === lifted.card.querySelector(".grip");
    if (!left) return;
    requestAnimationFrame(() => {
      if (lifted && !lifted.ghost && document.activeElement !== event.target) cancelQuietly();
    });
  });
  const cancelQuietly = () => { const was = lower(); putBack(was); renew(was); say(`${titled(was.card)} is back where it was.`); };
  const step = (by) => {
    const { card } = lifted, all = siblings(card.parentElement), at = all.indexOf(card) + by;
    if (at < 0 || at >= all.length) return false;
    return place(card.parentElement, by < 0 ? all[at] : all[at].nextElementSibling);
  };
  const aside = (by) => {
    const { card } = lifted, all = [...board().querySelectorAll(".column")], next = all[all.indexOf(column(card)) + by];
    if (!next) return false;
    const folded = next.querySelector("details.backlog");
    if (folded) folded.open = true;
    const list = next.querySelector("ol"), at = siblings(card.parentElement).indexOf(card);
    return place(list, siblings(list)[at] || null);
  };

  // ── backlogs stay open from page to page ──

  const unfold = (inside) => {
    for (const id of (sessionStorage.getItem(OPEN) || "").split(" ").filter(Boolean)) {
      const box = inside.querySelector(`#${CSS.escape(id)}`);
      if (box) box.open = true;
    }
  };
  addEventListener("toggle", (event) => {
    if (!event.target.matches?.("details.backlog")) return;
    sessionStorage.setItem(OPEN, [...document.querySelectorAll("details.backlog[open]")].map((each) => each.id).join(" "));
  }, true);
  unfold(document);
})();
