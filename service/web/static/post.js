/* A post in the dashboard. Keeps page.js from losing what is being done here: refused forms stay as they are, files that were
   sent stay with their form. Then: sending files, a viewer for pictures, and looking for similar posts when the page is
   there. */
(() => {
  const FRESH = 6 * 3600 * 1000; // milliseconds in which the signed addresses of files certainly hold
  const NO_CONNECTION = "There is no connection, so the file was not sent. Try again.";
  const $ = (query, inside = document) => inside.querySelector(query);
  const $$ = (query, inside = document) => [...inside.querySelectorAll(query)];

  // ── when page.js puts in a fresh part ──

  const isRefused = (form) => !!$("[role=alert]:not([hidden]), [aria-invalid=true]", form) || !!form.closest(".beside");
  const forms = (part) => part.localName === "form" ? [part] : $$("form", part);

  // a file has another address in every answer, and is the same
  const keepAddresses = (old, fresh) => {
    if (performance.now() > FRESH) return;
    for (const each of $$("[data-file]", old)) {
      const next = $$(`[data-file="${each.dataset.file}"]`, fresh).find((other) => other.localName === each.localName);
      for (const name of ["href", "src"]) {
        if (next?.hasAttribute(name) && each.hasAttribute(name)) next.setAttribute(name, each.getAttribute(name));
      }
    }
  };
  const keepUploads = (old, fresh) => {
    const lists = $$("[data-uploads]", fresh);
    $$("[data-uploads]", old).forEach((box, place) => {
      const form = box.closest("form"), next = lists[place];
      const isTaken = form?.getAttribute("aria-busy") === "true" && !(next && isRefused(next.form || next.closest("form")));
      if (next && !isTaken) $("ul", next).replaceChildren(...$("ul", box).children);
    });
  };
  addEventListener("sayso:renew", (event) => {
    const { target: old, detail: fresh } = event;
    const all = forms(old), isSending = all.some((form) => form.getAttribute("aria-busy") === "true");
    const isFound = old.dataset.live === "similar" && !$("[data-similar]", old) && $("[data-similar]", fresh);
    if (!isSending && (all.some(isRefused) || $("[data-uploads] li", old) || "still" in old.dataset)) return event.preventDefault();
    if (isFound) return event.preventDefault();
    keepAddresses(old, fresh);
    keepUploads(old, fresh);
    if (fresh.isEqualNode(old)) event.preventDefault();
  });
  // a form that was taken begins anew, and what was opened for it closes
  addEventListener("sayso:sent", (event) => {
    const form = event.target;
    if (!form.isConnected) return;
    form.reset();
    $$("[data-uploads] ul", form).forEach((list) => list.replaceChildren());
    const box = form.closest("details");
    if (box?.id) box.open = false;
  });

  addEventListener("sayso:key", (event) => {
    if (event.detail.key !== "/") return;
    event.preventDefault();
    $("#jump")?.focus();
  });

  // ── files ──

  const kept = (sent) => {
    const item = document.createElement("li"), name = document.createElement("span"), id = document.createElement("input");
    const away = document.createElement("button");
    name.textContent = sent.name;
    Object.assign(id, { type: "hidden", name: "files", value: sent.id });
    Object.assign(away, { type: "button", className: "link", textContent: "Leave out" });
    away.addEventListener("click", () => item.remove());
    item.append(name, id, away);
    return item;
  };
  const upload = async (box, file) => {
    const said = $("[role=alert]", box);
    said.hidden = true;
    try {
      const answer = await fetch(`${box.dataset.uploads}?name=${encodeURIComponent(file.name)}`, {
        method: "POST", body: file,
        headers: { "Sayso-Csrf": box.closest("form").elements.csrf.value, "Content-Type": file.type || "application/octet-stream" },
      });
      const sent = await answer.json();
      if (answer.ok) return $("ul", box).append(kept(sent));
      said.textContent = `${file.name}: ${sent.message}`;
    } catch { said.textContent = NO_CONNECTION; }
    said.hidden = false;
  };
  const uploadAll = async (box, files) => { for (const file of files) await upload(box, file); };
  addEventListener("change", (event) => {
    const box = event.target.type === "file" && event.target.closest("[data-uploads]");
    if (!box) return;
    uploadAll(box, [...event.target.files]);
    event.target.value = "";
  });
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData?.files || []], box = event.target.form && $("[data-uploads]", event.target.form);
    if (!files.length || !box) return;
    event.preventDefault();
    uploadAll(box, files);
  });

  // ── pictures ──

  const viewer = $("#viewer");
  addEventListener("click", (event) => {
    const link = event.target.closest("[data-view]");
    if (event.target === viewer) viewer.close();
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    Object.assign($("img", viewer), { src: link.href, alt: link.dataset.view });
    $("figcaption", viewer).textContent = link.dataset.view;
    viewer.showModal();
  });

  // ── similar posts: every post is looked at for them, so the page does not wait ──

  const look = async () => {
    const link = $("[data-similar]");
    if (!link) return;
    try {
      const answer = await fetch(new URL(link.getAttribute("href"), location.href));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = $("[data-live=similar]", page);
      if (answer.ok && found) $("[data-live=similar]").replaceWith(document.adoptNode(found));
    } catch { /* the link is still there */ }
  };
  look();
})();
