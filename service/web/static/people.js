/* The editor of a segment, which no live update takes from under one's hands. */
addEventListener("sayso:renew", (event) => {
  const editor = event.target.querySelector("form[data-auto]");
  if (editor && editor.getAttribute("aria-busy") !== "true") event.preventDefault(); // saving says who was faster
});
