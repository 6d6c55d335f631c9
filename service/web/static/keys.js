/* Keys of a page. An element with data-key="s" is what that key means: a link or button is pressed, a field gets the focus, a
   <select> opens as a list to choose from with a few letters and Enter, and a field with data-find as a search for a post.
   What was chosen goes into the field, and its form is sent by the button whose value is data-button. A page's own script
   hears of it before: `sayso:key` {key} for every key, `sayso:choose` before a list opens, `sayso:chosen` {value, send} before
   it is sent; whoever prevents these does it instead. */
(() => {
  const TYPING = 120; // milliseconds
  const { home } = document.body.dataset;
  const $ = (query, inside = document) => inside.querySelector(query);
  const $$ = (query, inside = document) => [...inside.querySelectorAll(query)];
  const box = $("#menu"), name = $("#menu-name"), input = $("#menu-q"), list = $("#menu-list"), more = $("#menu-more");
  const help = $("#keys");
  if (!box || !help) return;
  let field, choices = [], chosen = 0, timer, asked = 0;

  const tell = (element, type, detail) => element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }));
  const isTyping = (element) => element.isContentEditable || element.matches("textarea, select") ||
    (element.matches("input") && !["checkbox", "radio", "button", "submit"].includes(element.type));
  const labelOf = (element) => element.dataset.keyName || element.labels?.[0]?.textContent || element.textContent.trim();

  // ── a list to choose from ──

  const open = (element) => {
    if (!tell(element, "sayso:choose")) return;
    field = element;
    name.textContent = labelOf(field);
    input.value = "";
    input.placeholder = field.options ? "Type to find it" : "A number, or some words of the other post";
    more.replaceChildren(...extras());
    box.showModal();
    input.focus();
    list.replaceChildren();
    choices = [];
    narrow();
  };
  // a box of the form that belongs to the choice is shown beside it, and says the same there
  const extras = () => $$(field.dataset.more || "#none", field.form).map((label) => {
    const twin = label.cloneNode(true), there = $("input", label), here = $("input", twin);
    twin.removeAttribute("id");
    here.removeAttribute("name");
    here.checked = there.checked;
    here.addEventListener("change", () => { there.checked = here.checked; });
    return twin;
  });
  const narrow = () => {
    clearTimeout(timer);
    if (field.options) show(fitting(input.value.trim().toLowerCase()));
    else timer = setTimeout(find, TYPING);
  };
  const fitting = (q) => $$("option", field).filter((option) => option.value && !option.disabled)
    .map((option) => ({ value: option.value, label: option.textContent.trim(), at: ` ${option.textContent.trim().toLowerCase()}`.indexOf(` ${q}`) }))
    .filter((each) => !q || each.at >= 0).sort((one, other) => (q ? one.at - other.at : 0));
  const find = async () => {
    const turn = ++asked, q = input.value.trim();
    if (!q) return show([]);
    const typed = /^#?[1-9][0-9]*$/.test(q) ? [{ value: q.replace("#", ""), label: `#${q.replace("#", "")}` }] : [];
    try {
      const answer = await fetch(`${home}/search?q=${encodeURIComponent(q)}`, { headers: { "Sayso-Quick": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked || !box.open) return;
      const posts = $$("a[data-number]", page).map((link) => ({ value: link.dataset.number, nodes: [...link.childNodes] }));
      show(posts.some((post) => post.value === typed[0]?.value) ? posts : [...typed, ...posts]);
    } catch { show(typed); }
  };
  const show = (found) => {
    choices = found;
    list.replaceChildren(...choices.map((choice, index) => {
      const option = document.createElement("div");
      Object.assign(option, { id: `menu-${index}`, role: "option" });
      option.append(...(choice.nodes?.map((node) => document.importNode(node, true)) || [choice.label]));
      return option;
    }));
    choose(0);
  };
  const choose = (index) => {
    chosen = choices.length ? (index + choices.length) % choices.length : -1;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    if (chosen < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", `menu-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };
  const take = () => {
    if (chosen < 0 || !choices[chosen]) return;
    const { value } = choices[chosen], target = field;
    box.close();
    const send = () => {
      target.value = value;
      target.dispatchEvent(new Event("change", { bubbles: true }));
      target.form.requestSubmit($(`button[value="${target.dataset.button}"]:not([hidden])`, target.form));
    };
    if (tell(target, "sayso:chosen", { value, send })) send();
  };

  input.addEventListener("input", narrow);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take();
    }
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    choose([...list.children].indexOf(option));
    take();
  });
  for (const dialog of [box, help]) dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  // ── the keys ──

  const press = (element) => {
    if (element.options || "find" in element.dataset) open(element);
    else if (isTyping(element)) element.focus();
    else element.click();
  };
  const explain = () => {
    const last = $$(".keys", help)[0];
    for (const old of $$("[data-found]", last)) old.remove();
    const seen = new Set();
    for (const element of $$("[data-key]")) {
      if (seen.has(element.dataset.key)) continue;
      seen.add(element.dataset.key);
      const line = document.createElement("div"), key = document.createElement("dt"), what = document.createElement("dd");
      const cap = document.createElement("kbd");
      line.dataset.found = "";
      cap.textContent = element.dataset.key;
      key.append(cap);
      what.textContent = labelOf(element);
      line.append(key, what);
      last.append(line);
    }
    help.showModal();
  };
  // an address that ends in #field leads into that field
  const led = location.hash && document.getElementById(location.hash.slice(1));
  if (led && isTyping(led)) led.focus();

  const undo = () => $(".notices .undo button")?.click();
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(target) || $("dialog[open]")) return;
    if (!tell(document.body, "sayso:key", { key, target })) return event.preventDefault();
    const element = $$("[data-key]").find((each) => each.dataset.key === key);
    const act = { "?": explain, u: undo, z: undo }[key] || (element && (() => press(element)));
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
