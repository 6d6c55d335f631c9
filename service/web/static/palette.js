/* Ctrl K (⌘K): search or jump to anything. Turns the search box at the side into a combobox whose choices are the links of
   the page /search, which is what the box leads to without this script. */
(() => {
  const TYPING = 120; // milliseconds
  const box = document.querySelector("[data-palette]");
  const { home } = document.body.dataset;
  const list = document.createElement("div");
  let links = [], chosen = -1, asked = 0, timer;

  Object.assign(list, { id: "palette", className: "palette", hidden: true, role: "listbox" });
  list.setAttribute("aria-label", "Found");
  box.closest("form").append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "palette", "aria-autocomplete": "list" })) {
    box.setAttribute(name, value);
  }

  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    chosen = links.length ? (index + links.length) % links.length : -1;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    if (chosen < 0) return;
    box.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    links = found;
    list.replaceChildren(...links.map((link, index) => {
      const option = document.createElement("div");
      Object.assign(option, { id: `palette-${index}`, role: "option" });
      option.append(...[...link.childNodes].map((node) => document.importNode(node, true)));
      return option;
    }));
    list.hidden = !links.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    choose(0);
  };
  const ask = async () => {
    const turn = ++asked;
    try {
      const answer = await fetch(`${home}/search?q=${encodeURIComponent(box.value)}`, { headers: { "Sayso-Quick": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn === asked && answer.ok && document.activeElement === box) show([...page.querySelectorAll("a")]);
    } catch { close(); } // Enter still leads to the page
  };

  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, TYPING); });
  box.addEventListener("focus", ask);
  box.addEventListener("blur", () => setTimeout(close, TYPING));
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && chosen >= 0 && !event.isComposing) {
      event.preventDefault();
      location.assign(links[chosen].getAttribute("href"));
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden) box.blur();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) location.assign(links[[...list.children].indexOf(option)].getAttribute("href"));
  });
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
})();
