// The patch explorer: what each q x q patch of a picture says, and what is left when patches are silenced.
//
// All numbers travel with the widget (`packed`), so it needs neither kernel nor network. A place is the pixel of a
// patch's top left corner, as in Python; a cell [i, j] is the same place counted in steps of the patch grid.

const [SVG, HTML] = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"];
// Blue, white, red: ColorBrewer's RdBu, as in the still figures.
const RAMP = "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f".split(" ");
const ROWS = 10; // of the table, at most; one more if the chosen class is none of them
const TRAITS = ["q", "row", "column", "target", "silenced_by_q"];

// ---------------------------------------------------------------- numbers

function unpack(bag) {
  const bytes = Uint8Array.from(atob(bag.evidence), (letter) => letter.charCodeAt(0));
  const [values, patches] = [new Float32Array(bytes.buffer), bag.rows * bag.columns];
  const nth = (_, k) => values.subarray(k * patches, (k + 1) * patches);
  const maps = Array.from({ length: values.length / patches }, nth);
  const reaches = maps.map((map) => map.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);
  const before = meanOfLeft({ patches, maps }, new Set());
  return { ...bag, patches, maps, reaches, before, reach: Math.max(...reaches) };
}

// The mean over the patches that are not silenced, for every class; null when no patch is left.
function meanOfLeft(bag, silenced) {
  const left = bag.patches - silenced.size;
  if (left === 0) return null;
  return bag.maps.map((map) => map.reduce((sum, value, at) => (silenced.has(at) ? sum : sum + value), 0) / left);
}

function softmax(logits) {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const best = (logits) => logits.indexOf(Math.max(...logits));
const clamp = (value, last) => Math.min(Math.max(value, 0), last);

function colour(share) { // -1 .. 1
  const at = ((share + 1) / 2) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const [from, to] = [RAMP[low], RAMP[low + 1]].map((hex) => hex.match(/../g).map((pair) => parseInt(pair, 16)));
  return from.map((value, channel) => value + (to[channel] - value) * (at - low));
}

function plain(value, digits = 2) {
  const size = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(size) > 0 ? "\u2212" : "") + size;
}
const signed = (value, digits = 2) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + plain(value, digits);
const tick = (value) => signed(value, Math.abs(value) < 1 ? 3 : Math.abs(value) < 10 ? 1 : 0);
const percent = (share) => `${(100 * share).toFixed(Math.min(share, 1 - share) < 0.001 ? 3 : 1)}\u00a0%`;
// To 1, 2 or 5 times a power of ten, so that the scale of the bars rarely changes.
const roundUp = (value, ten = 10 ** Math.floor(Math.log10(value))) =>
  ten * ([1, 2, 5].find((times) => times * ten >= value) ?? 10);

// ---------------------------------------------------------------- the page

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function add(parent, tag, attributes = {}, text = "") {
  const made = document.createElementNS(tag === "svg" || parent.namespaceURI === SVG ? SVG : HTML, tag);
  if (text) made.textContent = text;
  return parent.appendChild(set(made, attributes));
}

function say(element, text) { // a text that stays the same must not be read out again
  if (element.textContent !== text) element.textContent = text;
}

function figure(parent, name, caption = "") {
  const frame = add(parent, "figure", { class: `bx-${name}` });
  return { frame, caption: add(frame, "figcaption", {}, caption), body: add(frame, "div", { class: "bx-body" }) };
}

const paths = (svg, names) => names.map((name) => add(svg, "path", { class: name }));
const outline = (svg) => ["bx-under", "bx-over"].map((name) => add(svg, "rect", { class: name })); // seen on any ground

function build(el, { picture, width, height, names, numbers, total }, bags) {
  const root = add(el, "div", { class: "bagnet-explorer" });

  const controls = add(root, "div", { class: "bx-controls" });
  const sizes = add(controls, "fieldset");
  add(sizes, "legend", {}, "Patch size");
  const group = `bx-q-${Math.random().toString(36).slice(2)}`; // radios of one name belong together, page-wide
  const radios = new Map([...bags.keys()].map((q) => {
    const label = add(sizes, "label");
    const radio = add(label, "input", { type: "radio", name: group, value: q });
    label.append(`${q} px`);
    return [q, radio];
  }));
  const select = add(add(controls, "label", {}, "Class"), "select");
  names.forEach((name, k) => add(select, "option", { value: numbers[k] }, name));
  const button = (text) => add(controls, "button", { type: "button" }, text);
  const [silenceAll, bringBack] = [button("Silence all"), button("Bring all back")];

  const panels = add(root, "div", { class: "bx-panels" });
  const stage = set(figure(panels, "picture", "The picture").body, {
    tabindex: "0",
    role: "application",
    style: `aspect-ratio: ${width} / ${height}`,
    "aria-label": `Picture, ${height} by ${width} pixels. Arrow keys, Home, End, Page Up and Page Down move the box; ` +
      "Space or Enter silences the patch under it or brings it back.",
  });
  add(stage, "img", { src: picture, alt: "", draggable: "false" });
  const over = add(stage, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const crossed = paths(over, ["bx-veil", "bx-cross-under", "bx-cross"]);
  const box = outline(over);

  const heat = figure(panels, "heat");
  const canvas = add(heat.body, "canvas", { role: "img" });
  const marks = add(heat.body, "svg", { "aria-hidden": "true" });
  const greyed = paths(marks, ["bx-grey", "bx-cross"]);
  const mark = outline(marks);
  const scale = add(heat.frame, "div", { class: "bx-scale" });
  add(scale, "div", { style: `background: linear-gradient(to right, ${RAMP.map((hex) => `#${hex}`)})` });
  const ticks = [0, 1, 2].map(() => add(scale, "span"));

  const patch = figure(panels, "patch");
  const lens = add(patch.body, "svg", { role: "img", "aria-label": "The patch under the box, magnified" });
  add(lens, "image", { href: picture, width, height });
  const list = add(panels, "dl", { class: "bx-sums", "aria-live": "polite" });
  const sums = [0, 1, 2, 3].map(() => add(list, "div")).map((pair) => ["dt", "dd"].map((tag) => add(pair, tag)));

  const table = add(panels, "table");
  add(table, "caption", {}, "What this patch says, in logits");
  const head = add(add(table, "thead"), "tr");
  add(head, "th", { scope: "col" }, "class");
  const ends = add(add(head, "th", { scope: "col", "aria-label": "bar" }), "div", { class: "bx-ends" });
  for (const title of ["this patch", "all patches", "those left"]) add(head, "th", { scope: "col" }, title);
  const body = add(table, "tbody");
  const lines = Array.from({ length: Math.min(names.length, ROWS + 1) }, () => {
    const line = add(body, "tr");
    const title = add(line, "th", { scope: "row" });
    const bar = add(add(add(line, "td"), "div", { class: "bx-bar" }), "i");
    return { line, title, bar, cells: [0, 1, 2].map(() => add(line, "td")) };
  });

  const foot = add(panels, "div", { class: "bx-foot" });
  const readout = add(foot, "p", { class: "bx-readout", "aria-live": "polite" });
  const some = total > names.length ? ` Shown are the ${names.length} highest logits of ${total}.` : "";
  add(foot, "p", { class: "bx-note" }, "Move the box with the mouse or the arrow keys. Click, drag or press Space to " +
    `silence patches: crosses mark their centres. Only their votes go, the pixels stay.${some}`);
  // JupyterLab would otherwise take keys for its own: a stray "b" adds a cell, "d" twice deletes one.
  const controlled = [stage, select, silenceAll, bringBack, ...radios.values()];
  controlled.forEach((control) => set(control, { "data-lm-suppress-shortcuts": "true" }));
  return { root, radios, select, silenceAll, bringBack, stage, crossed, box, heat, canvas, marks, greyed, mark, ticks,
    patch, lens, sums, ends: ["", "0", ""].map((text) => add(ends, "span", {}, text)), lines, readout };
}

// ---------------------------------------------------------------- what is shown

function paint(page, { names, numbers, total }, bag, { k, i, j, silenced }) {
  const { q, stride, rows, columns, before } = bag;
  const [name, at] = [names[k], i * columns + j];
  const [says, after] = [bag.maps.map((map) => map[at]), meanOfLeft(bag, silenced)];
  const put = (rects, x, y, side) => rects.forEach((rect) => set(rect, { x, y, width: side, height: side }));

  for (const [size, radio] of page.radios) radio.checked = size === q;
  page.select.value = String(numbers[k]);

  put(page.box, j * stride, i * stride, q);
  put(page.mark, j, i, 1);
  set(page.lens, { viewBox: `${j * stride} ${i * stride} ${q} ${q}`, class: silenced.has(at) ? "bx-off" : "" });
  say(page.patch.caption, `The patch, ${q} px`);

  set(page.canvas, { width: columns, height: rows, "aria-label": `Map of the evidence for ${name}` });
  const dots = new ImageData(columns, rows);
  bag.maps[k].forEach((value, cell) => dots.data.set([...colour(value / bag.reaches[k]), 255], 4 * cell));
  page.canvas.getContext("2d").putImageData(dots, 0, 0);
  page.heat.body.style.aspectRatio = `${columns} / ${rows}`;
  set(page.marks, { viewBox: `0 0 ${columns} ${rows}` });
  say(page.heat.caption, `Evidence for ${name}`);
  [-1, 0, 1].forEach((end, n) => say(page.ticks[n], end ? tick(end * bag.reaches[k]) : "0 logits"));

  // A patch's mark is the stride x stride square at its centre, so that the marks of neighbours do not overlap.
  const draw = (layers, side, edge) => {
    const corners = [...silenced].map((at) => [at % columns, Math.trunc(at / columns)].map((n) => n * side + edge));
    const square = corners.map(([x, y]) => `M${x} ${y}h${side}v${side}h${-side}z`).join("");
    const [from, to] = [0.3 * side, 0.4 * side];
    const cross = corners.map(([x, y]) => `M${x + from} ${y + from}l${to} ${to}m0 ${-to}l${-to} ${to}`).join("");
    layers.forEach((layer, n) => set(layer, { d: n ? cross : square }));
  };
  draw(page.crossed, stride, (q - stride) / 2);
  draw(page.greyed, 1, 0);

  const turn = (from, to) => `${from} \u2192 ${to}`;
  const answers = [names[best(before)], after ? names[best(after)] : "none"];
  const among = total > names.length ? ` among these ${names.length}` : "";
  [
    [`BagNet-${q} answers`, answers[0] === answers[1] ? answers[0] : turn(...answers)],
    [`Logit of ${name}`, turn(plain(before[k]), after ? plain(after[k]) : "none")],
    [`Probability of ${name}${among}`, turn(percent(softmax(before)[k]), after ? percent(softmax(after)[k]) : "none")],
    ["Patches left", `${bag.patches - silenced.size} of ${bag.patches}`],
  ].forEach((texts, n) => texts.forEach((text, part) => say(page.sums[n][part], text)));

  const reach = roundUp(Math.max(bag.reach / 20, ...says.map(Math.abs))); // a patch that says little looks it
  [-1, 0, 1].forEach((end, n) => say(page.ends[n], end ? tick(end * reach) : "0"));
  const order = before.map((_, c) => c).sort((a, b) => before[b] - before[a]);
  const shown = order.filter((c, rank) => rank < ROWS || c === k);
  page.lines.forEach(({ line, title, bar, cells }, n) => {
    const c = shown[n];
    line.hidden = c === undefined;
    if (line.hidden) return;
    const share = says[c] / reach; // -1 .. 1
    line.className = c === k ? "bx-chosen" : "";
    say(title, names[c]);
    bar.className = share < 0 ? "bx-against" : "bx-for";
    Object.assign(bar.style, { left: `${50 + 50 * Math.min(share, 0)}%`, width: `${50 * Math.abs(share)}%` });
    [signed(says[c]), plain(before[c]), after ? plain(after[c]) : "\u2013"].forEach((text, m) => say(cells[m], text));
  });

  const counts = silenced.has(at) ? "it is silenced." : "it counts.";
  const none = after ? "" : " No patch is left, so there is no mean, no logit and no probability.";
  const where = `Patch at row ${i * stride}, column ${j * stride}: evidence ${signed(says[k])} for ${name}`;
  say(page.readout, `${where}; ${counts}${none}`);
}

// ---------------------------------------------------------------- what the reader does

function render({ model, el }) {
  const packed = model.get("packed");
  const bags = new Map(packed.bags.map((bag) => [bag.q, unpack(bag)]));
  const page = build(el, packed, bags);
  const stop = new AbortController(); // takes this view's listeners with it
  const bag = () => bags.get(model.get("q"));
  const on = (target, event, action) => target.addEventListener(event, action, { signal: stop.signal });

  function state() {
    const { q, stride, rows, columns } = bag();
    const places = model.get("silenced_by_q")[q] ?? [];
    return {
      k: Math.max(packed.numbers.indexOf(model.get("target")), 0),
      i: clamp(Math.round(model.get("row") / stride), rows - 1),
      j: clamp(Math.round(model.get("column") / stride), columns - 1),
      silenced: new Set(places.map(([row, column]) => (row / stride) * columns + column / stride)),
    };
  }

  let due = null; // several traits may change at once: one drawing will do
  const draw = () => (due ??= Promise.resolve().then(() => {
    due = null;
    if (!stop.signal.aborted) paint(page, packed, bag(), state());
  }));

  function change(traits) {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  }

  function move(i, j, q = model.get("q")) {
    const { stride, rows, columns } = bags.get(q);
    const traits = { q, row: clamp(i, rows - 1) * stride, column: clamp(j, columns - 1) * stride };
    if (Object.entries(traits).some(([name, value]) => value !== model.get(name))) change(traits);
  }

  function keep(silenced) {
    const { q, stride, columns } = bag();
    const places = [...silenced].map((cell) => [Math.floor(cell / columns) * stride, (cell % columns) * stride]);
    change({ silenced_by_q: { ...model.get("silenced_by_q"), [q]: places } });
  }

  function hush(cells, quiet) {
    const { silenced } = state();
    for (const [i, j] of cells) silenced[quiet ? "add" : "delete"](i * bag().columns + j);
    keep(silenced);
  }

  function toggle() { // the patch under the box; true if it is silenced now
    const { i, j, silenced } = state();
    const quiet = !silenced.has(i * bag().columns + j);
    hush([[i, j]], quiet);
    return quiet;
  }

  // Another patch size keeps the centre where it was, as nearly as the grid allows, and comes back to the same place.
  function resize(q) {
    const [{ i, j }, steps] = [state(), Math.trunc((bag().q - q) / 2 / bag().stride)];
    move(i + steps, j + steps, q);
  }

  for (const [q, radio] of page.radios) on(radio, "change", () => resize(q));
  on(page.select, "change", () => change({ target: Number(page.select.value) }));
  on(page.silenceAll, "click", () => keep(new Set(Array(bag().patches).keys())));
  on(page.bringBack, "click", () => keep(new Set()));

  on(page.stage, "keydown", (event) => {
    if (event.altKey || event.metaKey) return;
    const [{ i, j }, { rows, columns }] = [state(), bag()];
    const ways = {
      ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1],
      Home: [event.ctrlKey ? 0 : i, 0], End: [event.ctrlKey ? rows - 1 : i, columns - 1],
      PageUp: [0, j], PageDown: [rows - 1, j],
    };
    if (ways[event.key]) move(...ways[event.key]);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Over the picture the patch whose centre is nearest; over the map the patch of that cell. y, x: 0 .. 1.
  const nearest = (share, side, { q, stride }) => Math.round((share * side - q / 2) / stride);
  const onPicture = (y, x, it) => [nearest(y, packed.height, it), nearest(x, packed.width, it)];
  const onMap = (y, x, it) => [Math.floor(y * it.rows), Math.floor(x * it.columns)];

  for (const [surface, place] of [[page.stage, onPicture], [page.heat.body, onMap]]) {
    const where = (event) => {
      const frame = surface.getBoundingClientRect();
      const [y, x] = [(event.clientY - frame.top) / frame.height, (event.clientX - frame.left) / frame.width];
      const [i, j] = place(y, x, bag());
      return [clamp(i, bag().rows - 1), clamp(j, bag().columns - 1)];
    };
    let stroke = null; // of a drag: whether it silences, and where it has come to
    on(surface, "pointerdown", (event) => {
      if (event.button !== 0) return;
      const [i, j] = where(event);
      // A finger cannot hover: its first touch moves the box, its second one silences.
      if (event.pointerType === "touch" && (state().i !== i || state().j !== j)) return move(i, j);
      surface.setPointerCapture(event.pointerId);
      move(i, j);
      stroke = { quiet: toggle(), last: [i, j] };
    });
    on(surface, "pointermove", (event) => {
      const [i, j] = where(event);
      move(i, j);
      if (!stroke || (stroke.last[0] === i && stroke.last[1] === j)) return;
      const way = [i - stroke.last[0], j - stroke.last[1]]; // a quick hand skips cells: fill the line in
      const steps = Math.max(...way.map(Math.abs));
      const step = (_, n) => way.map((far, axis) => stroke.last[axis] + Math.round((far * (n + 1)) / steps));
      hush(Array.from({ length: steps }, step), stroke.quiet);
      stroke.last = [i, j];
    });
    for (const end of ["pointerup", "pointercancel"]) on(surface, end, () => (stroke = null));
  }

  for (const trait of TRAITS) model.on(`change:${trait}`, draw);
  paint(page, packed, bag(), state());
  return () => {
    stop.abort();
    for (const trait of TRAITS) model.off(`change:${trait}`, draw);
    page.root.remove();
  };
}

export default { render };
