// What is seen, as one picture to take home: the picture, its maps, the names, the numbers, and where it all is from.

const [EDGE, SIDE, GAP, FONT] = [28, 300, 18, "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"];
const CREDIT = "Made with the BagNet course (networks: Brendel and Bethge, ICLR 2019).";

function fit(pen, text, width) { // cut what is too long for its place
  let short = text;
  while (pen.measureText(short).width > width && short.length > 3) short = `${short.slice(0, -2).trimEnd()}\u2026`;
  return short;
}

// boards: [{ title, lines, paint(pen, x, y, side), gradient, ticks }]. Returns a PNG as a Blob.
export async function keep(title, boards, credit) {
  const canvas = document.createElement("canvas");
  const most = Math.max(...boards.map(({ lines }) => lines.length));
  canvas.width = 2 * EDGE + boards.length * SIDE + (boards.length - 1) * GAP;
  canvas.height = EDGE + 76 + SIDE + 34 + most * 21 + 46 + EDGE;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const write = (text, x, y, size, weight = 400, colour = "#1c1c1c", width = canvas.width) => {
    pen.fillStyle = colour;
    pen.font = `${weight} ${size}px ${FONT}`;
    pen.fillText(fit(pen, text, width), x, y);
  };
  write(title, EDGE, EDGE + 22, 23, 650, "#1c1c1c", canvas.width - 2 * EDGE);
  boards.forEach(({ title: name, lines, paint, ticks, stops }, n) => {
    const [x, y] = [EDGE + n * (SIDE + GAP), EDGE + 76];
    write(name, x, y - 12, 16, 650, "#1c1c1c", SIDE);
    pen.fillStyle = "#e4e4e4";
    pen.fillRect(x, y, SIDE, SIDE);
    paint(pen, x, y, SIDE);
    pen.strokeStyle = "#8a8a8a";
    pen.strokeRect(x + 0.5, y + 0.5, SIDE - 1, SIDE - 1);
    if (stops) {
      const ramp = pen.createLinearGradient(x, 0, x + SIDE, 0);
      stops.forEach((stop, at) => ramp.addColorStop(at / (stops.length - 1), stop));
      pen.fillStyle = ramp;
      pen.fillRect(x, y + SIDE + 8, SIDE, 8);
      ["left", "center", "right"].forEach((align, at) => {
        pen.textAlign = align;
        write(ticks[at], x + (at * SIDE) / 2, y + SIDE + 32, 12, 400, "#4a4a4a");
      });
      pen.textAlign = "left";
    }
    lines.forEach((line, at) => write(line, x, y + SIDE + 56 + at * 21, 14, at ? 400 : 600, "#1c1c1c", SIDE));
  });
  write(`${CREDIT} ${credit}`, EDGE, canvas.height - EDGE + 4, 12, 400, "#4a4a4a", canvas.width - 2 * EDGE);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

export function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
