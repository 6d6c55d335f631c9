// One step on the picture: what its tool makes of its path.

/** The rectangle between the ends of a step's path: [left, top, width, height]. */
export function frameOf({ path }) {
  const [x, y] = path[0];
  const [toX, toY] = path.at(-1);
  return [Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y)];
}

/** Paints a step. One that is still being drawn comes with the `area` it is in, and only dims. */
export function draw(pen, step, area) {
  const { tool, path } = step;
  let size = 5 + pen.canvas.width / 200;
  pen.beginPath();
  pen.fillStyle = area ? "#000a" : "#000";
  if (tool === "crop") pen.rect(...(area || frameOf(step)));
  if (tool === "pen") path.forEach((point) => pen.lineTo(...point));
  else if (tool === "arrow") arrow(pen, path[0], path.at(-1), size * 2);
  else pen.rect(...frameOf(step));
  if (tool === "crop" || tool === "redact") {
    pen.fill("evenodd");
    if (!area || tool === "crop") return;
  }
  pen.lineCap = pen.lineJoin = "round";
  // A white rim, to be seen on any ground.
  for (const color of ["#fff", "#e22"]) {
    pen.strokeStyle = color;
    pen.lineWidth = size;
    pen.stroke();
    size /= 2;
  }
}

function arrow(pen, [x, y], [toX, toY], head) {
  pen.moveTo(x, y);
  pen.lineTo(toX, toY);
  for (const turn of [2.6, -2.6]) {
    const angle = Math.atan2(toY - y, toX - x) + turn;
    pen.lineTo(toX + head * Math.cos(angle), toY + head * Math.sin(angle));
    pen.lineTo(toX, toY);
  }
}
