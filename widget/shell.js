// The frame around the views: where it stands on the page, and how it shares the keyboard with it.

import { button, el, icon } from "./dom.js";
import { words } from "./words.js";

// The page's shortcuts, focus traps and "click outside" must not hear what happens in here.
const PRIVATE = "keydown keyup keypress paste copy cut pointerdown mousedown touchstart click focusin focusout".split(" ");
const PHONE = "(max-width: 480px)";
const TABS = { new: words.newPost, list: words.allPosts };

/** Makes the frame: {host, root, body, name, show, hide, isOpen, dress, mark, tell}. */
export function shell(page, { close, go }) {
  const { signal } = page;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const host = el("div", { id: "sayso-panel" });
  const root = host.attachShadow({ mode: "open" });
  const live = el("p", { className: "unseen", role: "status" });
  const name = el("span");
  const tabs = Object.keys(TABS).map((view) => tab(view, go));
  const body = el("div", { className: "body", id: "view", role: "tabpanel" });
  const cross = button("close", close, icon("M6 6l12 12M18 6L6 18"));
  const head = el("div", { className: "bar" }, el("h2", { id: "name" }, words.feedback + " ", name), cross);
  const tablist = el("div", { className: "tabs", role: "tablist", "aria-label": words.views }, ...tabs);
  const dialog = el("dialog", { lang: "en", dir: "ltr", "aria-labelledby": "name" }, head, tablist, body, live);
  let timer;

  cross.setAttribute("aria-label", words.close);
  tablist.onkeydown = (event) => event.key.startsWith("Arrow") && steer(tabs);
  dialog.oncancel = (event) => event.preventDefault() || close();
  dialog.onclose = () => isOpen() || close();
  root.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && leave(event, close));
  for (const type of PRIVATE) root.addEventListener(type, (event) => event.stopPropagation());
  root.adoptedStyleSheets.push(styles());
  root.append(dialog);
  dark.addEventListener("change", dress, { signal });
  for (const type of ["resize", "scroll"]) window.visualViewport?.addEventListener(type, fit, { signal });

  function show(modally) {
    hide();
    document.documentElement.append(host);
    if (modally || matchMedia(PHONE).matches || hasModal()) dialog.showModal();
    else float(dialog);
    dress();
  }

  function hide() {
    if (isPopover(dialog)) dialog.hidePopover();
    if (dialog.open) dialog.close();
    dress();
  }

  function isOpen() {
    return dialog.open || isPopover(dialog);
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
    for (const [index, key] of Object.keys(TABS).entries()) {
      const chosen = (view === "new") === (key === "new");
      tabs[index].setAttribute("aria-selected", chosen);
      tabs[index].tabIndex = chosen ? 0 : -1;
      if (chosen) body.setAttribute("aria-labelledby", tabs[index].id);
    }
    tell("");
  }

  /** Says something to screen readers; a problem is shown to everybody for a while. */
  function tell(text, problem) {
    clearTimeout(timer);
    live.className = problem ? "toast" : "unseen";
    live.textContent = text;
    if (problem) timer = setTimeout(tell, 8000, "");
  }

  return { host, root, body, name, show, hide, isOpen, dress, mark, tell };
}

function tab(view, go) {
  const made = button("", () => go(view), TABS[view]);
  made.id = "tab-" + view;
  made.setAttribute("role", "tab");
  made.setAttribute("aria-controls", "view");
  return made;
}

// Prevented, or the page's own dialog underneath would close with us.
function leave(event, close) {
  event.preventDefault();
  close();
}

function steer(tabs) {
  const next = tabs.find((each) => each.tabIndex < 0);
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
function hasModal() {
  return [...document.querySelectorAll(":is([aria-modal=true], :modal)")].some((one) => one.getClientRects().length);
}

function styles() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("%styles.css%" + "%new.css%" + "%posts.css%");
  return sheet;
}
