// Three maps side by side, one for each patch size, in the places where their patches lie on the picture.

const SVG = "http://www.w3.org/2000/svg";
// Blue, white, red: ColorBrewer's RdBu, as in the course's figures.
const RAMP = "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f".split(" ")
  .map((hex) => hex.match(/../g).map((pair) => parseInt(pair, 16)));
export const GRADIENT = `linear-gradient(to right, ${RAMP.map((rgb) => `rgb(${rgb})`)})`;

function colour(share) { // -1 .. 1
  const at = ((Math.min(Math.max(share, -1), 1) + 1) / 2) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  return RAMP[low].map((value, channel) => value + (RAMP[low + 1][channel] - value) * (at - low));
}

// ---------------------------------------------------------------- numbers

export function unpack({ q, stride, rows, columns, evidence }) {
  const bytes = Uint8Array.from(atob(evidence), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  const patches = rows * columns;
  const maps = Array.from({ length: values.length / patches }, (_, k) => values.subarray(k * patches, (k + 1) * patches));
  return { q, stride, rows, columns, patches, maps };
}

export function meanOfLeft(map, silenced) {
  let [sum, left] = [0, 0];
  map.forEach((value, at) => {
    if (silenced.has(at)) return;
    sum += value;
    left += 1;
  });
  return left ? sum / left : null;
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const best = (logits) => logits.indexOf(Math.max(...logits));
export const difference = (map, other) => (other ? map.map((value, at) => value - other[at]) : map);
export const reachOf = (map) => map.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export function plain(value, digits = 2) {
  const size = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(size) > 0 ? "\u2212" : "") + size;
}
export const signed = (value, digits = 2) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + plain(value, digits);
export const percent = (share) => `${(100 * share).toFixed(share > 0.0995 ? 0 : 1)}\u00a0%`;
const tick = (value) => signed(value, Math.abs(value) < 10 ? 1 : 0);

// ---------------------------------------------------------------- drawing

export function add(parent, tag, attributes = {}, text = "") {
  const made = parent.namespaceURI === SVG || tag === "svg"
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return parent.appendChild(made);
}

export function say(element, text) { // a text that stays the same must not be read out again
  if (element.textContent !== text) element.textContent = text;
}

export function card(parent, q) {
  const board = add(parent, "figure", { class: "board map", "data-q": q });
  const caption = add(board, "figcaption");
  add(caption, "b", {}, `BagNet-${q}`);
  const what = add(caption, "span");
  const frame = add(board, "div", { class: "frame" });
  const canvas = add(frame, "canvas", { role: "img" });
  const over = add(frame, "svg", { "aria-hidden": "true" });
  const scale = add(board, "div", { class: "scale" });
  const bar = add(scale, "div");
  bar.style.background = GRADIENT;
  const ticks = [0, 1, 2].map(() => add(scale, "span"));
  const list = add(board, "dl");
  const sums = [0, 1, 2].map(() => add(list, "div")).map((pair) => ["dt", "dd"].map((tag) => add(pair, tag)));
  return { q, board, what, frame, canvas, over, ticks, sums };
}

// The pixels of a map: an ImageData of its own size.
export function dots({ rows, columns }, map, reach) {
  const image = new ImageData(columns, rows);
  map.forEach((value, at) => image.data.set([...colour(value / (reach || 1)), 255], 4 * at));
  return image;
}

// Where a map lies on a picture of `side` px: a cell is the stride x stride square in the middle of its patch.
export function area({ q, stride, rows, columns }) {
  const edge = stride === 1 ? 0 : (q - stride) / 2;
  return { left: edge, top: edge, width: columns * stride, height: rows * stride };
}

export function drawMap(one, bag, map, reach, side, name) {
  const { canvas } = one;
  [canvas.width, canvas.height] = [bag.columns, bag.rows];
  canvas.setAttribute("aria-label", `Map of the evidence for ${name}`);
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(dots(bag, map, reach), 0, 0);
  for (const [edge, value] of Object.entries(area(bag))) canvas.style[edge] = `${(100 * value) / side}%`;
  [-1, 0, 1].forEach((end, n) => say(one.ticks[n], end ? tick(end * reach) : "0 logits"));
}

// Crosses on what is silenced, and the outline of a square: drawn twice, so that it shows on any ground.
export function drawOver(svg, side, bag, silenced, boxes) {
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  const [step, edge] = bag ? [bag.stride, (bag.q - bag.stride) / 2] : [0, 0];
  const corners = [...silenced].map((at) => [at % bag.columns, Math.floor(at / bag.columns)].map((n) => n * step + edge));
  const squares = corners.map(([x, y]) => `M${x} ${y}h${step}v${step}h${-step}z`).join("");
  const crosses = corners.map(([x, y]) =>
    `M${x + 0.3 * step} ${y + 0.3 * step}l${0.4 * step} ${0.4 * step}m0 ${-0.4 * step}l${-0.4 * step} ${0.4 * step}`).join("");
  const outlines = boxes.map(({ x, y, size }) => `M${x} ${y}h${size}v${size}h${-size}z`).join("");
  const layers = [["off", squares], ["cross", crosses], ["under", outlines], ["over", outlines]];
  svg.replaceChildren();
  for (const [kind, d] of layers) if (d) add(svg, "path", { class: kind, d });
}
