// Lists that change while somebody reads them.

/** Keeps what `make(item)` made for each item (by its id or number) in `list`: {made, show, clear}. What is made needs
    `update(item)`. */
export function keyed(list, make) {
  const made = new Map();
  const key = (item) => item.id ?? item.number;

  /** Shows these items from the place `from` on; `whole`: there are no others. Those already there stay, and so do focus
      and place; when what had the focus is gone, a neighbour gets it. */
  function show(items, from = 0, whole = false) {
    const { activeElement } = list.getRootNode();
    const place = [...list.children].findIndex((one) => one.contains(activeElement));
    if (whole) keep(new Set(items.map(key)));
    items.forEach((item, index) => put(item, from + index));
    if (place < 0) return;
    const near = list.children[place] || list.lastChild;
    const next = list.contains(activeElement) ? activeElement : near?.querySelector("button") || list.closest("#view");
    next?.focus({ preventScroll: true });
  }

  function put(item, index) {
    const one = made.get(key(item)) || make(item);
    const there = list.children[index] || null;
    made.set(key(item), one);
    one.update(item);
    if (there !== one) list.insertBefore(one, there);
  }

  function keep(wanted) {
    for (const [id, one] of made) {
      if (wanted.has(id)) continue;
      one.remove();
      made.delete(id);
    }
  }

  return { made, show, clear: () => keep(new Set()) };
}
