/* Fields with choices below them: <input data-palette="a" aria-controls="list">. The choices are the links (`a`, or fewer) of
   the page /search, and one that is chosen is opened. A page's own script may offer others, and take what is chosen itself:
   it prevents `sayso:find` {q, offer(elements)} and `sayso:take` {element}, as keys.js does. Ctrl K (⌘K) leads into the
   search box of the frame, which without this script leads to that page. */
(() => {
  const TYPING = 120; // milliseconds
  const { home } = document.body.dataset;
  const tell = (box, type, detail) => box.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));

  const combine = (box) => {
    const list = document.getElementById(box.getAttribute("aria-controls")), dialog = box.closest("dialog");
    let found = [], chosen = -1, asked = 0, timer;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"]]) box.setAttribute(name, value);

    const choose = (index) => {
      chosen = index;
      [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
      if (chosen < 0) return box.removeAttribute("aria-activedescendant");
      box.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    };
    const show = (elements) => {
      found = elements;
      list.replaceChildren(...found.map((element, index) => {
        const option = document.createElement("div");
        Object.assign(option, { id: `${list.id}-${index}`, role: "option" });
        option.append(...[...element.childNodes].map((node) => document.importNode(node, true)));
        return option;
      }));
      list.hidden = !found.length;
      box.setAttribute("aria-expanded", String(!list.hidden));
      choose(found.length ? 0 : -1);
    };
    const close = () => show([]);
    const ask = () => {
      const turn = ++asked, q = box.value.trim();
      clearTimeout(timer);
      if (!tell(box, "sayso:find", { q, offer: show })) return;
      choose(-1); // Enter never takes what was found for other words
      timer = setTimeout(async () => {
        try {
          const answer = await fetch(`${home}/search?q=${encodeURIComponent(q)}`, { headers: { "Sayso-Quick": "1" } });
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          if (turn !== asked || !answer.ok || document.activeElement !== box) return;
          show([...page.querySelectorAll(box.dataset.palette)]);
        } catch { close(); } // Enter still leads to the page
      }, q ? TYPING : 0);
    };
    const take = () => {
      const element = found[chosen];
      if (element && tell(box, "sayso:take", { element })) location.assign(element.getAttribute("href"));
    };

    box.addEventListener("input", ask);
    box.addEventListener("focus", ask);
    if (!dialog) box.addEventListener("blur", () => setTimeout(close, TYPING));
    (dialog || box).addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const last = found.length - 1, next = chosen + (event.key === "ArrowDown" ? 1 : -1);
        choose(next > last ? Math.min(0, last) : next < 0 ? last : next);
      } else if (event.key === "Enter" && (found[chosen] || dialog)) {
        event.preventDefault();
        take();
      } else if (event.key === "Escape" && !dialog) {
        event.preventDefault();
        if (list.hidden) box.blur();
        close();
      }
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      choose([...list.children].indexOf(option));
      take();
    });
    close();
  };
  for (const box of document.querySelectorAll("[data-palette]")) combine(box);

  const jump = document.getElementById("jump");
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    jump.focus();
    jump.select();
  });
})();
