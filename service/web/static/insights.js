/* Fills the page in when the figures that are being counted are there. Without this script, a reload does. */
(() => {
  const FIRST = 1200, LONGEST = 30000; // milliseconds
  let wait = FIRST;
  const look = () => {
    if (!document.querySelector("[data-counting]")) { wait = FIRST; return; }
    dispatchEvent(new Event("sayso:refresh"));
    wait = Math.min(wait * 1.5, LONGEST);
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
})();
