/* The editor of a changelog entry: buttons that write Markdown, pictures by paste, drop and choice, moments in the reader's
  own time zone; and what a colleague saves meanwhile never takes away what is being written. */
(() => {
  const LOOKS = 20, LOOK_AGAIN = 1000; // how often we look for a picture that is being made ready; milliseconds
  const MEANWHILE = "A colleague has just saved this entry. Save yours to see both texts; nothing is lost.";
  const { home } = document.body.dataset;
  const form = document.getElementById("editor");
  const $ = (id) => document.getElementById(id);

  // ── moments in the reader's own time ──

  const two = (number) => String(number).padStart(2, "0");
  const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const asField = (at) => `${day(at)}T${two(at.getHours())}:${two(at.getMinutes())}`;
  const inUtc = (value) => (value && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString().slice(0, 16) : value);
  const localise = (inside) => {
    for (const each of inside.querySelectorAll("time[data-local]")) {
      each.textContent = new Date(each.dateTime).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    }
    const field = inside.querySelector("input[name=at]");
    if (!field || field.type === "hidden") return;
    const sent = document.createElement("input"), zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    sent.type = "hidden";
    sent.name = "at";
    sent.value = field.defaultValue;
    field.removeAttribute("name");
    if (sent.value) field.setAttribute("value", asField(new Date(`${sent.value}Z`)));
    field.after(sent);
    inside.querySelector("label[for=at]").textContent = `Or publish it later, at (${zone.replaceAll("_", " ")})`;
  };
  localise(document);
  addEventListener("input", ({ target }) => {
    if (target.id === "at") target.nextElementSibling.value = inUtc(target.value);
  }, true); // before page.js sends it
  addEventListener("sayso:renew", ({ detail }) => localise(detail));
  if (!form) return;

  // ── what was written, and what came meanwhile ──

  const WRITTEN = ["title", "body", "categories"];
  let touched = false, sent = null;
  const seen = () => form.elements.seen;
  const snapshot = () => Object.fromEntries(WRITTEN.map((name) => [name, $(name).value]));
  addEventListener("input", ({ target }) => { if (target.form === form) touched = true; });
  addEventListener("submit", ({ target }) => { if (target === form) sent = snapshot(); }, true);
  addEventListener("beforeunload", (event) => {
    if (touched && document.querySelector("form[aria-busy=true]") === null) event.preventDefault();
  });
  form.addEventListener("sayso:sent", () => {
    for (const name of WRITTEN) $(name).defaultValue = sent[name];
    touched = WRITTEN.some((name) => $(name).value !== sent[name]);
    sent = null;
  });
  // whether a page answers what this form sent: it holds what was typed, or what was saved is what is stored now; any other
  // page came because somebody did something
  const isTyped = (page) => Boolean(page.getElementById("editor")?.hasAttribute("data-typed"));
  const known = new WeakMap(); // for the first part of a page says it for all: parts that were put in are no longer there
  const isOurs = (page) => {
    if (!known.has(page)) {
      const same = (name) => page.getElementById(name)?.value.trim() === sent[name].trim();
      known.set(page, isTyped(page) || Boolean(sent && same("title") && same("body")));
    }
    return known.get(page);
  };
  addEventListener("sayso:renew", (event) => {
    const { target: old, detail: fresh } = event;
    if (!form.contains(old)) return;
    const ours = isOurs(fresh.ownerDocument), { live } = old.dataset;
    if (!ours && touched) { // what is being written stays
      event.preventDefault();
      if (live === "writing" && fresh.querySelector("[name=seen]").value !== seen().value) tell(MEANWHILE);
    } else if (live === "meanwhile" && isTyped(fresh.ownerDocument) && !fresh.querySelector("[role=alert]")) {
      event.preventDefault(); // a preview does not take back what was said
    } else if (ours && live === "writing" && !fresh.querySelector("[aria-invalid]") && !old.querySelector("[aria-invalid]")) {
      event.preventDefault(); // it says the same, and its fields can still undo
      seen().value = fresh.querySelector("[name=seen]").value;
    } else if (live === "writing") prepare(fresh);
  });
  const tell = (text) => {
    const note = document.createElement("p");
    note.className = "note warn";
    note.setAttribute("role", "status");
    note.textContent = text;
    form.querySelector("[data-live=meanwhile]").replaceChildren(note);
  };

  // ── writing ──

  const said = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  const put = (text, from, to) => {
    const body = $("body");
    body.focus();
    body.setSelectionRange(from ?? body.selectionStart, to ?? body.selectionEnd);
    // the old command is the only one that the browser can undo
    if (!document.execCommand("insertText", false, text)) {
      body.setRangeText(text, body.selectionStart, body.selectionEnd, "end");
      said(body);
    }
  };
  const around = (before, after, empty) => {
    const body = $("body"), { selectionStart: from, selectionEnd: to, value } = body, chosen = value.slice(from, to) || empty;
    put(`${before}${chosen}${after}`, from, to);
    body.setSelectionRange(from + before.length, from + before.length + chosen.length);
  };
  const lines = (mark) => {
    const body = $("body"), from = body.value.lastIndexOf("\n", body.selectionStart - 1) + 1, to = body.selectionEnd;
    const text = body.value.slice(from, to).split("\n").map((line) => mark + line).join("\n");
    put(text, from, to);
  };
  const link = () => {
    const body = $("body"), { selectionStart: from, selectionEnd: to, value } = body, words = value.slice(from, to) || "words";
    put(`[${words}](https://)`, from, to);
    const at = from + words.length + 3;
    body.setSelectionRange(at, at + 8);
  };
  const TOOLS = {
    bold: () => around("**", "**", "bold"),
    italic: () => around("*", "*", "italic"),
    heading: () => lines("## "),
    list: () => lines("- "),
    link,
    picture: () => form.querySelector("[type=file]").click(),
  };
  const KEYS = { b: "bold", i: "italic" };
  form.addEventListener("click", ({ target }) => {
    const tool = target.closest("[data-tool]"), category = target.closest("[data-category]");
    if (tool) TOOLS[tool.dataset.tool]();
    if (category) addCategory(category.dataset.category);
  });
  const addCategory = (name) => {
    const field = $("categories"), there = field.value.split(",").map((each) => each.trim()).filter(Boolean);
    if (!there.includes(name)) field.value = [...there, name].join(", ");
    said(field);
    field.focus();
  };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])")) event.preventDefault(); // no button is meant
    if (event.target.id !== "body" || !(event.ctrlKey || event.metaKey) || event.shiftKey || !(event.key in KEYS)) return;
    event.preventDefault();
    TOOLS[KEYS[event.key]]();
  });
  // so that the list of what was found is renewed, which leaves out what is linked now
  form.addEventListener("change", ({ target }) => { if (target.closest("#found")) $("q").focus(); });

  // ── pictures ──

  let coming = 0;
  const report = (text) => { $("uploading").textContent = text; };
  const upload = async (file) => {
    const name = file.name.replace(/[[\]()\\!\s]+/g, " ").replace(/\.[a-z]+$/i, "").trim() || "picture";
    const place = `![Uploading ${name} ${++coming}…]()`;
    put(`${place}\n`);
    report("Uploading…");
    try {
      const answer = await fetch(`${home}/files`, { method: "POST", body: file, headers: {
        "Sayso-Csrf": form.elements.csrf.value, "Content-Type": file.type || "application/octet-stream",
        "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.name || "picture.png")}`,
      } });
      const made = await answer.json();
      if (!answer.ok) throw new Error(made.message || made.detail);
      exchange(place, `![${name}](file:${made.id})`);
      report("");
      setTimeout(look, LOOK_AGAIN, new URL(made.url, location.href).pathname);
    } catch (error) {
      exchange(`${place}\n`, "");
      report(error instanceof TypeError ? "There is no connection; the picture was not sent." : error.message);
    }
  };
  const exchange = (place, text) => {
    const body = $("body"), at = body.value.indexOf(place);
    if (at < 0) return; // it was taken out meanwhile
    body.setRangeText(text, at, at + place.length, "preserve");
    said(body);
  };
  // a new picture is not shown until the worker has made it harmless; then the preview is asked for once more
  const look = async (address, left = LOOKS) => {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) said($("body"));
    else if (answer?.status === 503 && left) setTimeout(look, LOOK_AGAIN, address, left - 1);
    else report("This picture could not be read. Try another one.");
  };
  const pictures = (data) => [...data?.files || []].filter((file) => file.type.startsWith("image/"));
  const take = async (files) => { for (const file of files) await upload(file); };
  const prepare = (inside) => {
    inside.querySelector(".tools").hidden = false;
    const body = inside.querySelector("#body"), chooser = inside.querySelector("[type=file]");
    chooser.addEventListener("change", () => { take([...chooser.files]).then(() => { chooser.value = ""; }); });
    body.addEventListener("paste", (event) => {
      const found = pictures(event.clipboardData);
      if (!found.length) return;
      event.preventDefault();
      take(found);
    });
    body.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      body.classList.add("over");
    });
    for (const type of ["dragleave", "drop"]) body.addEventListener(type, () => body.classList.remove("over"));
    body.addEventListener("drop", (event) => {
      const found = pictures(event.dataTransfer);
      if (!found.length) return;
      event.preventDefault();
      take(found);
    });
  };
  prepare(document);
})();
