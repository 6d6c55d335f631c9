// A picture of the page, taken here or brought along, marked and blacked out before it leaves.

import { el } from "../panel/dom.js";
import { words } from "../panel/words.js";
import { edit } from "./editor.js";

const LONGEST = 2560;
const HEAVIEST = 10e6;
const PATIENCE = 5000;

/** Whether this browser takes screenshots; elsewhere people bring a picture. */
export const canCapture = !!navigator.mediaDevices?.getDisplayMedia;

/** Lets somebody edit `picture`, or a screenshot where none is given. Returns a File, or null when there is none. */
export async function shoot(panel, picture) {
  const { frame } = panel;
  const focused = frame.root.activeElement;
  try {
    const bitmap = await (picture ? createImageBitmap(picture) : capture(frame.root));
    frame.isShot ||= !frame.style("%shot.css%");
    const canvas = await edit(frame, shrink(bitmap));
    return canvas ? await pack(canvas) : null;
  } catch {
    panel.say(picture ? words.shotUnread : words.shotRefused);
    return null;
  } finally {
    focused?.focus();
  }
}

// Hidden by its own dialog: what is set on the host loses against :host { all: initial !important }.
async function capture(root) {
  let stream;
  const { style } = root.querySelector("dialog");
  style.visibility = "hidden";
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      video: true,
      preferCurrentTab: true,
      selfBrowserSurface: "include",
    });
    const video = el("video", { muted: true, playsInline: true, srcObject: stream });
    // A minimised window never sends a frame.
    await Promise.race([video.play(), new Promise((_, give) => setTimeout(give, PATIENCE))]);
    return await createImageBitmap(video);
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    style.visibility = "";
  }
}

function shrink(bitmap) {
  const { width, height } = bitmap;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = el("canvas", { width: width * scale, height: height * scale });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// Encoded anew: the file holds the pixels of the canvas and nothing else.
async function pack(canvas, type = "image/png") {
  const blob = await new Promise((done) => canvas.toBlob(done, type, 0.85));
  if (blob.size > HEAVIEST) return pack(canvas, "image/jpeg");
  return new File([blob], "screenshot." + type.slice(6), { type });
}
