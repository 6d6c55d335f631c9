/* Offers the time zone of this browser, where it is not chosen yet. */
addEventListener("DOMContentLoaded", offer);
document.addEventListener("change", offer);
addEventListener("click", ({ target }) => {
  if (!target.dataset?.zone) return;
  const choice = document.querySelector("#time_zone");
  choice.value = zone();
  choice.focus();
  offer();
});
new MutationObserver(offer).observe(document.documentElement, { childList: true, subtree: true }); // page.js puts the form in anew

function zone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function offer() {
  const choice = document.querySelector("#time_zone"), button = document.querySelector("[data-zone]"), ours = zone();
  if (!choice || !button) return;
  const is_new = choice.value !== ours && [...choice.options].some((option) => option.value === ours);
  if (button.parentElement.hidden === !is_new) return;
  if (is_new) button.textContent = button.dataset.zone.replace("{0}", ours.replaceAll("_", " "));
  button.parentElement.hidden = !is_new;
}
