/* On a phone the name of the page that is shown may be outside. */
const here = document.querySelector(".subnav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2;
