// The frame around the views: where it stands on the page, and how it shares the keyboard with it.

import { button, el, icon } from "./dom.js";
import { fill, words } from "./words.js";

// The page's shortcuts, focus traps and "click outside" must not hear what happens in here.
const PRIVATE = `keydown keyup keypress pointerdown pointerup mousedown mouseup touchstart touchmove touchend wheel click
input paste copy cut focusin focusout`.split(/\s/);
const PHONE = "(max-width: 480px)";
const VIEWS = ["new", "list", "roadmap", "news"];

/** Makes the frame: {host, root, body, name, style, show, hide, isOpen, isIn, focus, dress, mark, badge, tell, leave}. */
export function shell(page, { close, go }) {
  const life = new AbortController();
  const { signal } = life;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const host = el("div", { id: "sayso-panel" });
  const root = host.attachShadow({ mode: "open" });
  const live = el("p", { className: "unseen", role: "status" });
  const name = el("span");
  const labels = [words.tabNew, words.tabList, words.tabRoadmap, words.tabNews];
  const tabs = VIEWS.map((view, index) => tab(view, labels[index], go));
  const unread = el("b");
  const body = el("div", { className: "body", id: "view", role: "tabpanel", tabIndex: -1 });
  const cross = button("close", close, icon("M6 6l12 12M18 6L6 18"));
  const head = el("div", { className: "bar" }, el("h2", { id: "name" }, words.feedback + " ", name), cross);
  const tablist = el("div", { className: "tabs", role: "tablist", "aria-label": words.views }, ...tabs);
  const dialog = el("dialog", { lang: words.lang, dir: words.dir, "aria-labelledby": "name" }, head, tablist, body, live);
  let timer;

  cross.setAttribute("aria-label", words.close);
  tabs[3].append(unread);
  tablist.onkeydown = (event) => steer(event, tabs);
  dialog.oncancel = (event) => event.preventDefault() || close();
  dialog.onclose = () => isOpen() || close();
  root.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && escape(event, close));
  for (const type of PRIVATE) root.addEventListener(type, silence, { passive: true });
  style("%styles.css%" + "%new.css%" + "%posts.css%");
  root.append(dialog);
  // The page may take away or hide what we stand in.
  new ResizeObserver(() => signal.aborted || isOpen() || close()).observe(dialog);
  dark.addEventListener("change", dress, { signal });
  for (const type of ["resize", "scroll"]) window.visualViewport?.addEventListener(type, fit, { signal });

  // Inside a modal of the page, whose focus trap may keep the mouse from all else.
  function show(modally) {
    hide();
    const modal = findModal();
    (modal || document.documentElement).append(host);
    if (modally || matchMedia(PHONE).matches || modal) dialog.showModal();
    else float(dialog);
    dress();
  }

  function hide() {
    if (isPopover(dialog)) dialog.hidePopover();
    if (dialog.open) dialog.close();
    host.remove();
    dress();
  }

  function isOpen() {
    return (dialog.open || isPopover(dialog)) && dialog.getClientRects().length > 0;
  }

  function dress() {
    const { theme, side } = page;
    const isDark = theme === "dark" || (theme !== "light" && dark.matches);
    dialog.className = `${isDark ? "dark" : ""} ${side || ""} ${isOpen() ? "shown" : ""}`;
    fit();
  }

  // A phone's keyboard covers the page without resizing it; a zoom must not shrink the panel.
  function fit() {
    const { height, offsetTop, scale } = window.visualViewport || {};
    if (scale !== 1) return;
    dialog.style.setProperty("--height", `${height}px`);
    dialog.style.setProperty("--top", `${offsetTop}px`);
  }

  function mark(view) {
    const shown = view === "post" ? "list" : view;
    body.setAttribute("aria-labelledby", "tab-" + shown);
    for (const each of tabs) {
      const chosen = each.id === "tab-" + shown;
      each.setAttribute("aria-selected", chosen);
      each.tabIndex = chosen ? 0 : -1;
    }
    tell("");
  }

  /** Shows how much of the news is new. */
  function badge(count) {
    unread.textContent = count || "";
    tabs[3].setAttribute("aria-label", count ? fill(words.newsUnread, words.tabNews, count) : words.tabNews);
  }

  /** Adds the styles of a chunk; once, however often it is shown. */
  function style(text) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets.push(sheet);
  }

  function isIn() {
    return body.contains(root.activeElement);
  }

  /** Takes it off the page for good. */
  function leave() {
    life.abort();
    host.remove();
  }

  /** Says something to screen readers; a problem is shown to everybody for a while. */
  function tell(text, problem) {
    clearTimeout(timer);
    live.className = problem ? "toast" : "unseen";
    live.textContent = text;
    if (problem) timer = setTimeout(tell, 8000, "");
  }

  return { host, root, body, name, style, show, hide, isOpen, isIn, focus: () => body.focus(), dress, mark, badge, tell, leave };
}

function tab(view, label, go) {
  const made = button("", () => go(view), label);
  made.id = "tab-" + view;
  made.setAttribute("role", "tab");
  made.setAttribute("aria-controls", "view");
  return made;
}

// Prevented, or the page's own dialog underneath would close with us; the key comes up when we are gone.
function escape(event, close) {
  event.preventDefault();
  addEventListener("keyup", silence, { capture: true, once: true });
  close();
}

function silence(event) {
  event.stopPropagation();
}

function steer({ key }, tabs) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key] * (words.dir === "rtl" ? -1 : 1);
  if (!step) return;
  const next = tabs.at((tabs.findIndex((each) => !each.tabIndex) + step) % tabs.length);
  next.click();
  next.focus();
}

function float(dialog) {
  if (!dialog.showPopover) return dialog.show();
  dialog.popover = "manual";
  dialog.showPopover();
}

function isPopover(dialog) {
  return !!dialog.popover && dialog.matches(":popover-open");
}

// Under a modal dialog of the page everything else is inert, the top layer too.
function findModal() {
  return [...document.querySelectorAll(":is([aria-modal=true], :modal)")].filter((one) => one.getClientRects().length).pop();
}
