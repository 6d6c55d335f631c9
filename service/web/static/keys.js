/* Keys of a page. An element with data-key="s" is what that key means: a link or button is pressed, a field gets the focus,
   a <select> opens as a list to choose from with a few letters and Enter, and a field with data-find as a search for a post.
   What was chosen goes into the field, and its form is sent by the button whose value is data-button. A page's own script
   hears of it before: `sayso:key` {key} for every key, `sayso:choose` before a list opens, `sayso:chosen` {value, boxes}
   before it is sent; whoever prevents these does it instead. */
(() => {
  const $ = (query, inside = document) => inside.querySelector(query);
  const $$ = (query, inside = document) => [...inside.querySelectorAll(query)];
  const box = $("#menu"), name = $("#menu-name"), input = $("#menu-q"), more = $("#menu-more");
  const help = $("#keys");
  if (!box || !help) return;
  let field; // that the open list is for

  const tell = (element, type, detail) => element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }));
  const isTyping = (element) => element.isContentEditable || element.matches("textarea, select") ||
    (element.matches("input") && !["checkbox", "radio", "button", "submit"].includes(element.type));
  const labelOf = (element) => element.dataset.keyName || element.labels?.[0]?.textContent || element.textContent.trim();

  // ── a list to choose from, which palette.js shows and moves in ──

  const open = (element) => {
    if (!tell(element, "sayso:choose")) return;
    field = element;
    name.textContent = labelOf(field);
    input.value = "";
    input.placeholder = field.options ? "Type to find it" : "A number, or some words of the other post";
    more.replaceChildren(...extras());
    box.showModal();
    input.focus();
  };
  // a box of the form that belongs to the choice is shown beside it
  const extras = () => $$(field.dataset.more || "#none", field.form).map((label) => {
    const twin = label.cloneNode(true);
    twin.removeAttribute("id");
    $("input", twin).checked = $("input", label).checked;
    return twin;
  });
  const fitting = (q) => $$("option", field).filter((option) => option.value && !option.disabled)
    .map((option) => ({ option, at: ` ${option.textContent.trim().toLowerCase()}`.indexOf(` ${q.toLowerCase()}`) }))
    .filter(({ at }) => !q || at >= 0).sort((one, other) => (q ? one.at - other.at : 0)).map(({ option }) => option);
  // without this palette.js looks for posts
  input.addEventListener("sayso:find", (event) => {
    const { q, offer } = event.detail;
    if (!field.options && q) return;
    event.preventDefault();
    offer(field.options ? fitting(q) : []);
  });
  input.addEventListener("sayso:take", (event) => {
    event.preventDefault();
    const { element } = event.detail, value = element.dataset.number || element.value;
    const boxes = Object.fromEntries($$("input", more).map((each) => [each.name, each.checked]));
    const target = field.isConnected ? field : document.getElementById(field.id); // the part it is in may be renewed meanwhile
    box.close();
    if (!target || !tell(target, "sayso:chosen", { value, boxes })) return;
    target.value = value;
    for (const [name, checked] of Object.entries(boxes)) target.form.elements[name].checked = checked;
    target.dispatchEvent(new Event("change", { bubbles: true }));
    target.form.requestSubmit($(`button[value="${target.dataset.button}"]:not([hidden])`, target.form));
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
