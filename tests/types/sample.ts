// Everything there is to call, as a customer would write it. `tsc --strict` must accept all of it, and refuse every line
// below an @ts-expect-error.

import sayso, { load } from "https://feedback.example.com/w.mjs";

load({ key: "k", userToken: "t", tokenUrl: "/token", locale: "de", theme: "dark", side: "left", launcher: "on", label: "Ideas" });
load({ key: "k", trigger: ".help", badge: "off", board: "features", from: "https://feedback.example.com", nonce: "n" })
  .then((widget) => widget.version.trim());

export async function everything(widget: Sayso.Widget): Promise<number> {
  await widget.ready;
  await widget.open();
  await widget.open("new", { title: "Dark mode", body: "Please.", board: "features", meta: { plan: "pro", seats: 3, beta: true } });
  await widget.open("post:42");
  await widget.open("post", { post: 42 });
  await widget.open("news", { entry: 7 });
  widget.set({ locale: "ar", theme: "auto", meta: { project: null } });
  widget.toggle();
  if (widget.isOpen()) widget.close();

  const user: Sayso.User | null = await widget.identify("token");
  await widget.identify(async () => (await fetch("/token")).text());
  await widget.identify(() => null);
  widget.logout();

  const off = widget.on("submit", (post) => console.log(post.number, post.status.kind === "planned", post.url.length));
  widget.on("vote", ({ post, voted }) => console.log(post.toFixed(), voted === true));
  widget.on("comment", ({ post, comment }) => console.log(post + comment));
  widget.on("open", ({ view }) => console.log(view));
  widget.on("view", ({ view, post }) => console.log(view, post?.toFixed()));
  widget.on("identify", (who) => console.log(who?.name, user?.kind));
  widget.on("unread", (count) => console.log(count + 1));
  widget.on("error", ({ code, message, status }) => console.log(code === "token_expired", message, status));
  widget.once("ready", () => off());
  widget.once("close", () => {});
  widget.once("destroy", () => {});
  document.addEventListener("sayso:submit", ({ detail }) => console.log(detail.votes));
  const count = widget.unread();
  widget.destroy();
  return count;
}

export function wrong(widget: Sayso.Widget, early: Sayso.Stub): void {
  // @ts-expect-error: it is missing while something blocks the script
  window.sayso.open();
  window.sayso?.open();
  // @ts-expect-error: there is no such view
  widget.open("ideas");
  // @ts-expect-error: which post
  widget.open("post");
  // @ts-expect-error: a number
  widget.open("post", { post: "42" });
  // @ts-expect-error: there is no such option
  widget.open("new", { titel: "" });
  // @ts-expect-error: there is no such event
  widget.on("submitted", () => {});
  // @ts-expect-error: a post has no name
  widget.on("submit", (post) => post.name);
  // @ts-expect-error: the version is not for writing
  widget.version = "1";
  // @ts-expect-error: who is a token or a function
  widget.identify({ id: 7 });
  // @ts-expect-error: there is no such theme
  widget.set({ theme: "blue" });
  // @ts-expect-error: the key is missing
  load({ locale: "de" });
  // @ts-expect-error: a number is no side
  load({ key: "k", side: 1 });
  // @ts-expect-error: the stub answers by a promise
  if (early.isOpen() === true) early.close();
  early.isOpen().then((is: boolean) => is);
  sayso.on("unread", (count: number) => count);
}
