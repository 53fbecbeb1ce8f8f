// The page: what is chosen, what is done to the picture, and what is shown of the answers.

import explorer from "./explorer.js";
import { Outdated, Problem, ask, begin, give, stop } from "./asking.js";
import { GRADIENT, add, area, best, card, difference, dots, drawMap, drawOver, meanOfLeft, percent, plain, reachOf, say,
  signed, softmax, unpack } from "./maps.js";
import { offerCamera } from "./camera.js";
import { download, keep } from "./keeping.js";
import { live } from "./live.js";
import { ABOUT, HINT, KEYS, NOTEBOOKS } from "./texts.js";

const HEAVIEST = 20 * 2 ** 20; // bytes of a picture
const SIZES = [8, 16, 24, 32, 48, 64]; // px, of the square
const HISTORY = 100; // steps that can be undone
const ARROW = "\u2192";

const at = Object.fromEntries([...document.querySelectorAll("[id]")].map((one) => [one.id, one]));
const words = (name) => name.replaceAll("_", " ");
const state = { nets: "photos", side: 128, picture: "", own: null, edits: [], history: [], target: null, other: null,
  y: 64, x: 64, tool: "look", seed: 0 };
const shown = { bags: new Map(), cards: new Map(), reaches: new Map(), dense: null, model: null, done: () => {} };
let about = null;

const setOf = () => about.sets.find(({ name }) => name === state.nets);
const pictureOf = () => about.pictures.find(({ name }) => name === state.picture);
const index = (number) => shown.packed.numbers.indexOf(number);
const nameOf = (number) => words(setOf().classes[number]);
const subject = () => (state.other === null ? nameOf(state.target) : `${nameOf(state.target)} minus ${nameOf(state.other)}`);

// ---------------------------------------------------------------- asking

const problem = (line) => {
  at.message.hidden = !line;
  say(at.message, line);
};

let busy = 0;
async function during(work, began = performance.now()) { // one question: what it shows while it lasts, and its problems
  const mine = (busy += 1);
  problem("");
  at.progress.removeAttribute("value");
  const late = setTimeout(() => (at.progress.hidden = false), 150);
  at.boards.setAttribute("aria-busy", "true");
  try {
    await work((share) => mine === busy && (at.progress.value = share));
    requestAnimationFrame(() => setTimeout(() => performance.measure("answer", { start: began, end: performance.now() })));
    return true;
  } catch (trouble) {
    if (trouble instanceof Outdated) return false;
    problem(trouble instanceof Problem ? trouble.message : `The page failed: ${trouble.message}`);
    return false;
  } finally {
    clearTimeout(late);
    if (mine === busy) {
      at.progress.hidden = true;
      at.boards.removeAttribute("aria-busy");
    }
  }
}

const question = (change) => {
  const { nets, side, picture, edits, target, other } = { ...state, ...change };
  return { nets, side, picture, edits, classes: [target, other].filter((one) => one !== null) };
};

// Ask about the picture as it would be; only if an answer comes is anything changed.
function look(change = {}) {
  const anew = ["nets", "side", "picture"].some((key) => key in change);
  const wanted = anew ? { edits: [], target: null, other: null, history: [], ...change } : change;
  return during(async (progress) => {
    if (state.own && "side" in change && (change.picture ?? state.picture) === "own") await give(state.own, change.side);
    const asked = question(wanted);
    if (anew && asked.picture !== "own") {
      const { kind } = about.pictures.find(({ name }) => name === asked.picture);
      const kinds = about.sets.find(({ name }) => name === asked.nets).classes;
      if (kinds.includes(kind)) asked.classes = [kinds.indexOf(kind)];
    }
    const [answer] = await ask("look", asked, asked.picture === "own" ? state.own : null, progress);
    Object.assign(state, wanted);
    receive(answer, anew, asked.classes[0] ?? null);
  });
}

function receive({ packed, before }, anew, kind) {
  Object.assign(shown, { packed, before, dense: null });
  shown.bags = new Map(packed.bags.map((bag) => [bag.q, unpack(bag)]));
  if (anew) {
    const sums = packed.numbers.map((_, k) => Object.values(before).reduce((sum, logits) => sum + logits[k], 0));
    state.target = kind ?? packed.numbers[best(sums)];
    shown.reaches.clear();
    [state.y, state.x] = [state.side / 2, state.side / 2];
    choices();
  }
  const silenced = anew ? {} : shown.model.get("silenced_by_q");
  const q = shown.model?.get("q") ?? 17;
  mount({ packed, q, row: 0, column: 0, target: state.target, silenced_by_q: silenced });
  paint();
}

// The explorer of one patch size, below: what is silenced there is silenced above, and the other way round.
function mount(start) {
  shown.done();
  shown.model = live(start);
  shown.model.set("row", rowOf(start.q, state.y));
  shown.model.set("column", rowOf(start.q, state.x));
  let was = start.silenced_by_q;
  let when = 0;
  shown.model.on("change:silenced_by_q", () => {
    const now = performance.now();
    if (now - when > 400) remember(was); // a stroke is one step
    [when, was] = [now, shown.model.get("silenced_by_q")];
    shown.dense = null;
    paint();
  });
  shown.model.on("change:target", () => choose({ target: shown.model.get("target") }));
  shown.done = explorer.render({ model: shown.model, el: at.explorer });
}

async function dense() {
  if (shown.dense) {
    shown.dense = null;
    return paint();
  }
  await during(async (progress) => {
    const answers = await ask("dense", question({}), state.own, progress);
    shown.dense = new Map(answers.map((one) => [one.dense.q, unpack(one.dense)]));
    paint();
  });
}

// ---------------------------------------------------------------- showing

const silencedOf = ({ q, stride, columns }) => new Set((shown.model.get("silenced_by_q")[q] ?? [])
  .map(([row, column]) => (row / stride) * columns + column / stride));
const rowOf = (q, y) => {
  const { stride, rows } = shown.bags.get(q);
  return Math.min(Math.max(Math.round((y - q / 2) / stride), 0), rows - 1) * stride;
};
const mapOf = (bag) => difference(bag.maps[index(state.target)], state.other === null ? null : bag.maps[index(state.other)]);

function reach(q, map, kind) { // it stays while the picture is changed, so that what fades is seen to fade
  const key = `${q} ${state.target} ${state.other} ${kind}`;
  shown.reaches.set(key, Math.max(shown.reaches.get(key) ?? 0, reachOf(map)));
  return shown.reaches.get(key);
}

function sumsOf(bag, silenced) {
  const [k, o, before] = [index(state.target), state.other === null ? -1 : index(state.other), shown.before[bag.q]];
  const after = bag.maps.map((map) => meanOfLeft(map, silenced));
  const none = after[0] === null;
  const score = (logits) => logits[k] - (o < 0 ? 0 : logits[o]);
  const answer = (logits) => {
    const first = best(logits);
    return `${words(shown.packed.names[first])} ${percent(softmax(logits)[first])}`;
  };
  const turn = (from, to) => (from === to ? from : `${from} ${ARROW} ${to}`);
  return [
    ["answers", none ? `${answer(before)} ${ARROW} nothing` : turn(answer(before), answer(after))],
    [state.other === null ? `logit of ${subject()}` : subject(),
      none ? `${plain(score(before))} ${ARROW} none` : turn(plain(score(before)), plain(score(after)))],
    ["patches left", `${bag.patches - silenced.size} of ${bag.patches}`],
  ];
}

function paint() {
  for (const [q, bag] of shown.bags) {
    const one = shown.cards.get(q);
    const silenced = silencedOf(bag);
    const fine = shown.dense?.get(q);
    const drawn = fine ?? bag;
    const map = fine ? difference(fine.maps[0], fine.maps[1]) : mapOf(bag);
    drawMap(one, drawn, map, reach(q, map, fine ? "fine" : ""), state.side, subject());
    one.canvas.classList.toggle("fine", Boolean(fine));
    say(one.what, fine ? "every pixel" : `${q} \u00d7 ${q} px`);
    sumsOf(bag, silenced).forEach((texts, n) => texts.forEach((text, part) => say(one.sums[n][part], text)));
  }
  at.dense.setAttribute("aria-pressed", String(Boolean(shown.dense)));
  const [erased, stuck, mixed] = ["erase", "sticker", "shuffle"].map((kind) => state.edits.filter((one) => one.do === kind).length);
  const done = [[erased, "erased"], [stuck, stuck > 1 ? "stickers" : "sticker"], [mixed, "shuffled"]].filter(([count]) => count);
  say(at.changes, done.map(([count, what]) => `${count} ${what}`).join(", "));
  at.undo.disabled = !state.history.length;
  at.again.disabled = !state.edits.length && !Object.values(shown.model.get("silenced_by_q")).some((places) => places.length);
  at.target.value = state.target;
  at.other.value = state.other ?? "";
  at.swap.disabled = state.other === null;
  drawPicture();
  point();
}

function drawPicture() {
  if (shown.drawn === shown.packed.picture) return;
  const image = new Image();
  const address = (shown.drawn = shown.packed.picture);
  image.onload = () => {
    if (shown.drawn !== address) return;
    [at.picture.width, at.picture.height] = [image.width, image.height];
    at.picture.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0);
  };
  image.src = address;
}

const sizeOfTool = () => Math.min(state.side, state.tool === "sticker" ? about.stickers[at.sticker.value].side : Number(at.size.value));
function square() { // of the tool, wholly inside the picture
  const size = sizeOfTool();
  const [row, column] = [state.y, state.x].map((centre) => Math.min(Math.max(Math.round(centre - size / 2), 0), state.side - size));
  return { row, column, size };
}

function point() { // the marks that follow the mouse or the arrow keys
  const { row, column, size } = square();
  const patches = [...shown.bags.keys()].map((q) => ({ q, x: rowOf(q, state.x), y: rowOf(q, state.y), size: q }));
  drawOver(at.over, state.side, null, [], state.tool === "look" ? patches : [{ x: column, y: row, size }]);
  patches.forEach(({ q, x, y }) => {
    const bag = shown.bags.get(q);
    const edge = (q - bag.stride) / 2;
    const cell = { x: x + edge, y: y + edge, size: bag.stride };
    drawOver(shown.cards.get(q).over, state.side, bag, silencedOf(bag), [state.tool === "look" ? cell : { x: column, y: row, size }]);
  });
}

function tell(text) {
  say(at.readout, text);
}

function tellPatch() {
  const values = [...shown.bags].map(([q, bag]) => {
    const cell = (rowOf(q, state.y) / bag.stride) * bag.columns + rowOf(q, state.x) / bag.stride;
    return `BagNet-${q} ${signed(mapOf(bag)[cell])}`;
  });
  const off = [...shown.bags.values()].some((bag) =>
    silencedOf(bag).has((rowOf(bag.q, state.y) / bag.stride) * bag.columns + rowOf(bag.q, state.x) / bag.stride));
  tell(`Row ${Math.round(state.y)}, column ${Math.round(state.x)}. Evidence for ${subject()}: ${values.join(", ")}.${off ? " Silenced." : ""}`);
}

function tellAnswers(what) {
  const answers = [...shown.bags].map(([q, bag]) => `BagNet-${q} answers ${sumsOf(bag, silencedOf(bag))[0][1].replace(ARROW, "then")}`);
  tell(`${what} ${answers.join("; ")}.`);
}

// ---------------------------------------------------------------- doing

function remember(silenced = shown.model.get("silenced_by_q")) {
  state.history = [...state.history, { edits: state.edits, silenced }].slice(-HISTORY);
}

async function edit(change, said) {
  const history = [...state.history, { edits: state.edits, silenced: shown.model.get("silenced_by_q") }].slice(-HISTORY);
  if (await look({ edits: [...state.edits, change], history })) tellAnswers(said);
}

function quietly(silenced) { // what is silenced, without a step that can be undone
  shown.model.state.silenced_by_q = silenced;
  mount({ ...shown.model.state });
}

async function undo() {
  const last = state.history.at(-1);
  if (!last) return;
  const history = state.history.slice(0, -1);
  if (last.edits !== state.edits && !(await look({ edits: last.edits, history }))) return;
  state.history = history;
  quietly(last.silenced);
  paint();
  tellAnswers("Undone.");
}

async function again() {
  if (at.again.disabled) return;
  const history = [...state.history, { edits: state.edits, silenced: shown.model.get("silenced_by_q") }].slice(-HISTORY);
  if (state.edits.length && !(await look({ edits: [], history }))) return;
  state.history = history;
  quietly({});
  paint();
  tellAnswers("As it was.");
}

async function choose({ target = state.target, other = state.other }) {
  if (other === target) other = null;
  if (target === state.target && other === state.other) return;
  const missing = [target, other].some((number) => number !== null && index(number) < 0);
  shown.dense = null;
  if (missing) return look({ target, other });
  Object.assign(state, { target, other });
  shown.model.set("target", target);
  paint();
  tellAnswers(`Evidence for ${subject()}.`);
}

// Patches whose centre lies in the square, of one network or of all.
function hush(only, quiet) {
  const { row, column, size } = square();
  const next = { ...shown.model.get("silenced_by_q") };
  for (const [q, bag] of shown.bags) {
    if (only && q !== only) continue;
    const cells = silencedOf(bag);
    const centre = (n) => n * bag.stride + (q - 1) / 2;
    for (let i = 0; i < bag.rows; i += 1) {
      for (let j = 0; j < bag.columns; j += 1) {
        const inside = centre(i) >= row && centre(i) < row + size && centre(j) >= column && centre(j) < column + size;
        if (inside) cells[quiet ? "add" : "delete"](i * bag.columns + j);
      }
    }
    next[q] = [...cells].map((cell) => [Math.floor(cell / bag.columns) * bag.stride, (cell % bag.columns) * bag.stride]);
  }
  const began = performance.now();
  shown.model.set("silenced_by_q", next);
  requestAnimationFrame(() => setTimeout(() => performance.measure("silence", { start: began, end: performance.now() })));
}

function isQuiet(only) { // whether the patch under the square's middle is silenced
  const bag = shown.bags.get(only ?? 17);
  return silencedOf(bag).has((rowOf(bag.q, state.y) / bag.stride) * bag.columns + rowOf(bag.q, state.x) / bag.stride);
}

function act(only) {
  const { row, column, size } = square();
  if (state.tool === "silence") {
    const quiet = !isQuiet(only);
    hush(only, quiet);
    tellAnswers(quiet ? "Silenced." : "Brought back.");
  } else if (state.tool === "erase") {
    edit({ do: "erase", row, column, size, fill: at.fill.value }, `Erased ${size} by ${size} pixels.`);
  } else if (state.tool === "sticker") {
    edit({ do: "sticker", row, column, sticker: at.sticker.value }, "The sticker is on.");
  } else tellPatch();
}

function move(y, x) {
  [state.y, state.x] = [y, x].map((value) => Math.min(Math.max(value, 0), state.side - 1));
  const q = shown.model.get("q");
  shown.model.set("row", rowOf(q, state.y));
  shown.model.set("column", rowOf(q, state.x));
  point();
  tellPatch();
}

function surface(frame, only) { // what the mouse and fingers do on the picture and on the maps
  const where = (event) => {
    const box = frame.getBoundingClientRect();
    return [event.clientY - box.top, event.clientX - box.left].map((far) => (far / box.width) * state.side);
  };
  let stroke = null;
  frame.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" && stroke === null) return;
    move(...where(event));
    if (stroke !== null && state.tool === "silence") hush(only, stroke);
  });
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    move(...where(event));
    if (state.tool === "silence" && event.pointerType !== "touch") {
      frame.setPointerCapture(event.pointerId);
      stroke = !isQuiet(only);
    }
  });
  frame.addEventListener("pointerup", () => (stroke = null));
  frame.addEventListener("pointercancel", () => (stroke = null));
  frame.addEventListener("click", () => act(only));
}

// ---------------------------------------------------------------- choosing

function options(select, entries, value) {
  select.replaceChildren();
  for (const [key, text] of entries) add(select, "option", { value: key }, text);
  if (value !== undefined) select.value = value;
}

function choices() { // what depends on networks and picture
  const { sides, classes, name } = setOf();
  at.nets.value = name;
  options(at.side, sides.map((side, n) => [side, `${side} px${n ? "" : ", as trained"}`]), state.side);
  const sorted = classes.map((kind, number) => [number, words(kind)]).sort((a, b) => a[1].localeCompare(b[1]));
  options(at.target, sorted, state.target);
  options(at.other, [["", "nothing: its own logit"], ...sorted], "");
  const tiles = [2, 4, 7, 8, 14, 16, 28].map((parts) => state.side / parts).filter((tile) => Number.isInteger(tile) && tile >= 8);
  options(at.tile, tiles.map((tile) => [tile, `${tile} px`]), tiles.includes(32) ? 32 : tiles[1]);
  strip();
  const credit = state.picture === "own" ? "The picture: your own." : `The picture: ${pictureOf().credit}.`;
  say(at.credit, `${credit} Networks: BagNets after Brendel and Bethge, ICLR 2019. The page asks nobody but this app.`);
}

function strip() {
  const fitting = about.pictures.filter(({ sets }) => sets.includes(state.nets));
  const entries = [...(state.own ? [{ name: "own", title: "yours" }] : []), ...fitting];
  if (at.strip.dataset.list !== `${state.nets} ${state.ownAddress ?? ""}`) {
    at.strip.dataset.list = `${state.nets} ${state.ownAddress ?? ""}`;
    at.strip.replaceChildren();
    for (const { name, title } of entries) {
      const button = add(at.strip, "button", { type: "button", "data-name": name });
      add(button, "img", { src: name === "own" ? state.ownAddress : `small/${name}`, alt: "", width: 72, height: 72 });
      add(button, "span", {}, title);
      button.addEventListener("click", () => look({ picture: name }));
    }
  }
  for (const button of at.strip.children) button.setAttribute("aria-pressed", String(button.dataset.name === state.picture));
}

function next() {
  const buttons = [...at.strip.children];
  const now = buttons.findIndex((button) => button.dataset.name === state.picture);
  look({ picture: buttons[(now + 1) % buttons.length].dataset.name });
}

async function own(blob) {
  if (!blob) return;
  if (blob.size > HEAVIEST) {
    return problem(`The picture has ${Math.ceil(blob.size / 2 ** 20)} MB, but at most 20 MB are wanted; make it smaller first.`);
  }
  stop();
  const given = await during(() => give(blob, state.side));
  if (!given) return;
  if (state.ownAddress) URL.revokeObjectURL(state.ownAddress);
  Object.assign(state, { own: blob, ownAddress: URL.createObjectURL(blob) });
  await look({ picture: "own" });
}

function setTool(tool) {
  state.tool = tool;
  document.querySelector(`[name=tool][value=${tool}]`).checked = true;
  for (const one of document.querySelectorAll("[data-for]")) one.hidden = !one.dataset.for.split(" ").includes(tool);
  say(at.about, ABOUT[tool]);
  if (shown.model) point();
}

function shuffle() {
  state.seed += 1;
  edit({ do: "shuffle", tile: Number(at.tile.value), seed: state.seed }, `Shuffled tiles of ${at.tile.value} pixels.`);
}

function projector(on = !document.documentElement.classList.contains("projector")) {
  document.documentElement.classList.toggle("projector", on);
  at.projector.setAttribute("aria-pressed", String(on));
  history.replaceState(null, "", `${location.pathname}${on ? "#projector" : ""}`);
  say(at.keys, on ? KEYS : HINT);
}

async function keepIt() {
  const boards = [...shown.cards.values()].map(({ q, canvas, ticks, sums, over }) => {
    const bag = shown.dense?.get(q) ?? shown.bags.get(q);
    return {
      title: `BagNet-${q}: ${q} \u00d7 ${q} px`,
      lines: sums.map(([, said], n) => (n ? `${sums[n][0].textContent}: ${said.textContent}` : said.textContent)),
      ticks: ticks.map((one) => one.textContent),
      stops: GRADIENT.match(/rgb\([^)]*\)/g),
      paint(pen, x, y, side) {
        const { left, top, width, height } = area(bag);
        const scale = side / state.side;
        pen.imageSmoothingEnabled = false;
        pen.drawImage(canvas, x + left * scale, y + top * scale, width * scale, height * scale);
        pen.save();
        pen.translate(x, y);
        pen.scale(scale, scale);
        for (const kind of ["off", "cross"]) {
          const path = new Path2D(over.querySelector(`.${kind}`)?.getAttribute("d") ?? "");
          [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = ["rgb(120 120 120 / 85%)", "#fff", 1 / scale];
          kind === "off" ? pen.fill(path) : pen.stroke(path);
        }
        pen.restore();
      },
    };
  });
  const changes = at.changes.textContent || "as it was";
  const lines = [state.picture === "own" ? "a picture of one's own" : pictureOf().title, changes, setOf().title];
  const paintPicture = (pen, x, y, side) => {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(at.picture, x, y, side, side);
  };
  const credit = state.picture === "own" ? "" : `Picture: ${pictureOf().credit}.`;
  download(await keep(`Evidence for ${subject()}`, [{ title: "The picture", lines, paint: paintPicture }, ...boards], credit), "patches.png");
  tell("The picture of what is seen was saved as patches.png.");
}

// ---------------------------------------------------------------- keys, beginning

const LETTERS = {
  l: () => setTool("look"), s: () => setTool("silence"), e: () => setTool("erase"), t: () => setTool("sticker"),
  h: shuffle, u: undo, r: again, n: next, v: dense, d: keepIt, p: () => projector(),
};
const STEP = 8;

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select, input:not([type=radio])")) return;
  const onStage = event.target === at.stage;
  const everywhere = document.documentElement.classList.contains("projector");
  const letter = LETTERS[event.key.toLowerCase()];
  const ways = { ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0], ArrowLeft: [0, -STEP], ArrowRight: [0, STEP],
    Home: [0, -state.side], End: [0, state.side], PageUp: [-state.side, 0], PageDown: [state.side, 0] };
  const free = everywhere && event.target === document.body;
  if (ways[event.key] && (onStage || free)) move(state.y + ways[event.key][0], state.x + ways[event.key][1]);
  else if ((event.key === " " || event.key === "Enter") && (onStage || free)) act();
  else if (letter && (onStage || everywhere) && !event.target.closest("#explorer")) letter();
  else return;
  event.preventDefault();
}

function wire() {
  const stickers = Object.entries(about.stickers).map(([name, { title }]) => [name, title]);
  options(at.nets, about.sets.filter(({ missing }) => !missing).map(({ name, title }) => [name, title]), state.nets);
  options(at.size, SIZES.map((size) => [size, `${size} px`]), 16);
  options(at.sticker, stickers);
  const missing = about.sets.find((one) => one.missing);
  at.fetch.hidden = !missing;
  if (missing) say(at.fetch, `Not on this machine yet: ${missing.title}. ${about.fetch}`);
  for (const q of [9, 17, 33]) shown.cards.set(q, card(at.boards, q));
  surface(at.stage);
  for (const [q, { frame }] of shown.cards) surface(frame, q);
  const on = (element, event, action) => element.addEventListener(event, action);
  on(at.nets, "change", () => {
    const set = about.sets.find(({ name }) => name === at.nets.value);
    const fits = state.picture === "own" || pictureOf().sets.includes(set.name);
    look({ nets: set.name, side: set.sides[0], picture: fits ? state.picture : set.begin }).then((done) => done || (at.nets.value = state.nets));
  });
  on(at.side, "change", () => look({ side: Number(at.side.value) }).then((done) => done || (at.side.value = state.side)));
  on(at.target, "change", () => choose({ target: Number(at.target.value) }));
  on(at.other, "change", () => choose({ other: at.other.value === "" ? null : Number(at.other.value) }));
  on(at.swap, "click", () => choose({ target: state.other, other: state.target }));
  for (const radio of document.querySelectorAll("[name=tool]")) on(radio, "change", () => setTool(radio.value));
  for (const select of [at.size, at.sticker]) on(select, "change", point);
  for (const [id, action] of Object.entries({ shuffle, undo, again, dense, keep: keepIt })) on(at[id], "click", () => action());
  on(at.projector, "click", () => projector());
  on(at.file, "change", () => {
    own(at.file.files[0]);
    at.file.value = "";
  });
  on(document, "dragover", (event) => event.preventDefault());
  on(document, "drop", (event) => {
    event.preventDefault();
    own(event.dataTransfer.files[0]);
  });
  on(document, "paste", (event) => own(event.clipboardData.files[0]));
  on(document, "keydown", onKey);
  offerCamera(own, problem);
  for (const [name, tool, what] of NOTEBOOKS) {
    const line = add(at.links, "li", {}, `${tool[0].toUpperCase()}${tool.slice(1)}: `);
    const address = about.pages && `${about.pages.replace(/\/?$/, "/")}notebooks/${name}.html`;
    if (address) add(line, "a", { href: address, target: "_blank", rel: "noreferrer" }, name);
    else add(line, "code", {}, `notebooks/${name}.ipynb`);
    line.append(`. ${what}`);
  }
  if (!about.pages) add(add(at.links, "li", {}, "To open a notebook: "), "code", {}, "python3 course.py lab");
}

async function start() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => (document.documentElement.dataset.theme = dark.matches ? "dark" : "light");
  dark.addEventListener("change", theme);
  theme();
  projector(location.hash === "#projector"); // this also takes the token out of the address
  try {
    about = await begin();
  } catch (trouble) {
    return say(at.wait, trouble.message);
  }
  wire();
  setTool("look");
  at.all.hidden = false;
  const { sides, begin: first } = setOf();
  await look({ nets: state.nets, side: sides[0], picture: first });
  at.wait.hidden = true;
  if (shown.packed) tellAnswers(`Evidence for ${subject()}.`);
  document.body.dataset.ready = "yes";
}

start();
