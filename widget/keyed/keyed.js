// Lists that change while somebody reads them.

/** Keeps what `make(item)` made for each item (by its id or number) in `list`: {made, show, clear}. What is made needs
    `update(item)`. */
export function keyed(list, make) {
  const made = new Map();
  const key = (item) => item.id ?? item.number;

  /** Shows these items from the place `from` on; `whole`: there are no others. Those already there stay, and so do focus
      and place; when what had the focus is gone, a neighbour gets it. */
  function show(items, from = 0, whole = false) {
    if (whole) keep(new Set(items.map(key)));
    const { activeElement } = list.getRootNode();
    items.forEach((item, index) => put(item, from + index));
    if (list.contains(activeElement)) activeElement.focus({ preventScroll: true });
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
      if (one.matches(":focus-within"))
        ((one.nextSibling || one.previousSibling)?.querySelector("button") || list.closest("#view")).focus({ preventScroll: true });
      one.remove();
      made.delete(id);
    }
  }

  return { made, show, clear: () => keep(new Set()) };
}
