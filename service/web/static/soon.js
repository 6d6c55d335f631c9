/* What is under way outside of Sayso makes no event. While a part of the page waits for it (data-soon), and for a moment after
   somebody pressed a button or something happened, the page is looked at again every two seconds. */
(() => {
  const PAUSE = 2000, AFTERWARDS = 6; // milliseconds; looks
  let left = 0;
  for (const type of ["submit", "sayso:heard"]) addEventListener(type, () => { left = AFTERWARDS; });
  setInterval(() => {
    if (document.hidden || !(left > 0 || document.querySelector("[data-soon]"))) return;
    left -= 1;
    dispatchEvent(new CustomEvent("sayso:refresh"));
  }, PAUSE);
})();
