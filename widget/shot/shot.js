// A picture of the page, taken here or brought along, marked and blacked out before it leaves.

import { el } from "../panel/dom.js";
import { words } from "../panel/words.js";
import { edit } from "./editor.js";
import { shrink } from "./picture.js";

const PATIENCE = 5000;

/** Lets somebody edit `picture`, or a screenshot where none is given. Returns a File, or null when there is none. */
export async function shoot(panel, picture) {
  const { frame, page } = panel;
  const { firstChild, activeElement } = frame.root;
  try {
    const bitmap = await (picture ? createImageBitmap(picture) : capture(firstChild, page.host.shadowRoot.lastChild));
    frame.isShot ||= !frame.style("%shot.css%");
    return await edit(frame, shrink(bitmap));
  } catch {
    panel.say(picture ? words.shotUnread : words.shotRefused);
    return null;
  } finally {
    activeElement?.focus();
  }
}

// Without panel and launcher, one by one: what is set on their hosts loses against :host { all: initial !important }.
// They fade all the while, too faintly to be seen: of a page on which nothing changes Chromium may send no frame.
async function capture(...ours) {
  let stream;
  const fades = ours.map((one) => one.animate({ opacity: [0, 0.001] }, 1e8));
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      video: true,
      preferCurrentTab: true,
      selfBrowserSurface: "include",
    });
    const video = el("video", { muted: true, srcObject: stream });
    // A minimised window never sends a frame.
    await Promise.race([video.play(), new Promise((_, give) => setTimeout(give, PATIENCE))]);
    return await createImageBitmap(video);
  } finally {
    fades.map((one) => one.cancel());
    stream?.getTracks().map((one) => one.stop());
  }
}
