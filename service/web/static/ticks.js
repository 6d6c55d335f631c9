/* A box that ticks all boxes of a form, which it names: data-all="act". Who ticks boxes by script says so: `sayso:ticked`. */
(() => {
  const boxes = (all) => [...document.querySelectorAll(`input[type=checkbox][form="${all.dataset.all}"]`)];
  const show = () => {
    for (const all of document.querySelectorAll("[data-all]")) {
      all.closest("[hidden]")?.removeAttribute("hidden");
      all.checked = boxes(all).length > 0 && boxes(all).every((box) => box.checked);
    }
  };
  addEventListener("change", ({ target }) => {
    if (target.matches("[data-all]")) for (const box of boxes(target)) box.checked = target.checked;
    show();
  });
  addEventListener("sayso:ticked", show);
  addEventListener("sayso:renew", () => queueMicrotask(show));
  show();
})();
