// The switches of the demo page that take effect at once; the others load the page anew, as all of them do without this.

const LIVE = {
  theme: (value) => {
    document.documentElement.dataset.theme = value;
    window.sayso?.set({ theme: value });
  },
  lang: (value) => window.sayso?.set({ locale: value || undefined }),
  accent: (value) => (document.documentElement.dataset.accent = value),
};

const form = document.querySelector(".stage form");
const dialog = document.querySelector("dialog");
const opener = document.querySelector("[data-modal]");

form.addEventListener("change", ({ target }) => {
  if (!LIVE[target.name]) return form.requestSubmit();
  LIVE[target.name](target.value);
  history.replaceState(null, "", "?" + new URLSearchParams(new FormData(form)));
});
form.querySelector(".apply").hidden = true;
opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
