/* On a phone the name of the page that is shown may be outside. */
const here = document.querySelector(".subnav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2;

/* a colour that is picked is also typed, and the other way round */
addEventListener("input", ({ target }) => {
  if (target.dataset.picks) document.querySelector(target.dataset.picks).value = target.value;
  const picker = target.id && document.querySelector(`[data-picks="#${target.id}"]`);
  if (!picker) return;
  if (/^#[0-9a-f]{6}$/i.test(target.value)) picker.value = target.value;
  else if (!target.value) picker.value = target.placeholder;
}, true);
