/* Buttons with data-copy="#id" copy that element's text and say so; where the clipboard is closed they select it. */
(() => {
  const SPOKEN_FOR = 3000; // milliseconds

  const say = (button, text) => {
    const status = button.parentElement.querySelector("[role=status]");
    status.textContent = text;
    setTimeout(() => { status.textContent = ""; }, SPOKEN_FOR);
  };
  const copy = async (button) => {
    const source = document.querySelector(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      say(button, "Copied");
    } catch {
      getSelection().selectAllChildren(source);
      say(button, "Selected; press Ctrl+C or ⌘C");
    }
  };

  document.documentElement.classList.add("js"); // shows the buttons
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
})();
