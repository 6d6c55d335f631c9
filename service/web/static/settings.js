/* On a phone the name of the page that is shown may be outside. */
const here = document.querySelector(".subnav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2;

/* A form of the settings that somebody is changing stays as it was made: it carries the version it was made from (`seen`), and
   with a newer one in its place a save would overwrite what another member has just saved, without a warning. The answer to
   the form itself, which is that warning, is let through. */
addEventListener("sayso:renew", (event) => {
  const seen = event.target.querySelector("[name=seen]");
  if (!seen || event.target.querySelector("[aria-busy]")) return;
  const fields = [...seen.form.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const isTouched = ({ type, options, checked, defaultChecked, value, defaultValue }) => (type === "checkbox" ? checked !== defaultChecked
    : options ? [...options].some((option) => option.selected !== option.defaultSelected && option.selected) : value !== defaultValue);
  if (fields.some(isTouched)) event.preventDefault();
});
