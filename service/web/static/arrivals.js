/* What others wrote while a list is open is counted above it and shown when somebody wants to see it: a list does not move
   under its reader. */
(() => {
  const place = document.querySelector(".arrivals");
  if (!place) return;
  const { address, forms } = place.dataset, { lang } = document.documentElement;
  const words = JSON.parse(forms), plural = new Intl.PluralRules(lang), number = new Intl.NumberFormat(lang);
  const heard = new Set(); // numbers of posts
  let timer;

  const look = async () => {
    const answer = await fetch(address, { cache: "no-cache" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // that it stands in the newest list says that it fits the filters, and that this reader may see it
    const isNew = (post) => page.querySelector(`[data-live="post-${post}"]`) && !document.querySelector(`[data-live="post-${post}"]`);
    const count = [...heard].filter(isNew).length;
    if (!count) return place.replaceChildren();
    const link = document.createElement("a");
    link.href = address;
    link.textContent = (words[plural.select(count)] || words.other).replace("{0}", number.format(count));
    place.replaceChildren(link);
  };
  const lookSoon = () => {
    clearTimeout(timer);
    if (heard.size && !document.hidden) timer = setTimeout(() => look().catch(() => {}), 500);
  };
  addEventListener("sayso:heard", ({ detail: { type, post } }) => {
    if (type !== "post.created" && type !== "post.approved") return;
    heard.add(post);
    lookSoon();
  });
  addEventListener("visibilitychange", lookSoon);
})();
