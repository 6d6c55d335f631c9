/* Lists whose boxes are ticked all at once, and the editor of a segment, which no live update takes from under one's hands. */
(() => {
  const boxes = () => [...document.querySelectorAll("input[type=checkbox][form=many]")];
  const show = () => {
    for (const all of document.querySelectorAll("[data-all]")) {
      all.closest("[hidden]")?.removeAttribute("hidden");
      all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
    }
  };
  addEventListener("change", ({ target }) => {
    if (target.matches("[data-all]")) for (const box of boxes()) box.checked = target.checked;
    show();
  });
  addEventListener("sayso:renew", (event) => {
    const editor = event.target.querySelector("form[data-auto]");
    if (editor && editor.getAttribute("aria-busy") !== "true") event.preventDefault(); // saving says who was faster
    queueMicrotask(show);
  });
  show();
})();
