// The way in and the way out: only pixels pass.

import { el } from "../panel/dom.js";

const LONGEST = 2560;
const HEAVIEST = 10e6;

/** A canvas with this picture, made smaller where it is huge. */
export function shrink(bitmap) {
  const { width, height } = bitmap;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = el("canvas", { width: width * scale, height: height * scale });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A new file of what is on the canvas: PNG, or JPEG where that would be too heavy. */
export async function pack(canvas, type = "image/png") {
  const blob = await new Promise((done) => canvas.toBlob(done, type, 0.85));
  if (blob.size > HEAVIEST) return pack(canvas, "image/jpeg");
  return new File([blob], "screenshot." + type.slice(6), { type });
}
