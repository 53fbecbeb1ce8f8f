// The feature browser: what drives a channel of a layer most, what that is made from, and which kinds drive it.
//
// All pictures travel with the widget as one JPEG for each layer (`packed`): for each channel a row of tiles, first its
// patches, then their projections. So it needs neither kernel nor network.

const [SVG, HTML] = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"];
const KINDS = 10; // bars, for the kinds with the highest mean

function add(parent, tag, attributes = {}, text = "") {
  const made = document.createElementNS(tag === "svg" || parent.namespaceURI === SVG ? SVG : HTML, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return parent.appendChild(made);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

function say(element, text) { // a text that stays the same must not be read out again
  if (element.textContent !== text) element.textContent = text;
}

const clamp = (value, last) => Math.min(Math.max(value, 0), last);
const number = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");

// How often each kind comes up, the most frequent first: "dalmatian 5, leopards 3".
function counted(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`).join(", ");
}

// ---------------------------------------------------------------- the page

function build(el, { sheets, nine }) {
  const root = add(el, "div", { class: "bagnet-explorer bagnet-browser" });
  const controls = add(root, "div", { class: "bx-controls" });
  const slider = (title, count) => {
    const label = add(controls, "label", {}, title);
    // JupyterLab would otherwise take keys for its own.
    const ends = { min: 0, step: 1, max: count - 1 };
    const range = add(label, "input", { type: "range", ...ends, "data-lm-suppress-shortcuts": "true" });
    return { range, value: add(label, "output") };
  };
  const layer = slider("Layer", sheets.length);
  const channel = slider("Channel", 1);

  const panels = add(root, "div", { class: "bf-panels" });
  const grid = (title) => {
    const frame = add(panels, "figure", { class: "bf-grid" });
    add(frame, "figcaption", {}, title);
    const body = add(frame, "div", { class: "bf-tiles" });
    return Array.from({ length: nine }, () => {
      const tile = add(body, "svg", { role: "img", preserveAspectRatio: "none" });
      return { tile, picture: add(tile, "image") };
    });
  };
  const tiles = { patch: grid("Its strongest patches"), projection: grid("Their projections") };

  const table = add(panels, "table");
  const caption = add(table, "caption");
  const head = add(add(table, "thead"), "tr");
  for (const title of ["kind", "", "mean"]) add(head, "th", { scope: "col" }, title);
  set(head.children[1], { "aria-label": "bar" });
  const body = add(table, "tbody");
  const lines = Array.from({ length: Math.min(KINDS, sheets[0].channels[0].means.length) }, () => {
    const line = add(body, "tr");
    const title = add(line, "th", { scope: "row" });
    const bar = add(add(add(line, "td"), "div", { class: "bf-bar" }), "i");
    return { title, bar, cell: add(line, "td") };
  });

  const foot = add(panels, "div", { class: "bf-foot" });
  const readout = add(foot, "p", { class: "bx-readout", "aria-live": "polite" });
  add(foot, "p", { class: "bx-note" }, "Move the sliders with the mouse or the arrow keys. Each projection belongs to " +
    "the patch at the same place. Grey: nothing, or beyond the border of the picture.");
  return { root, layer, channel, tiles, caption, lines, readout };
}

// ---------------------------------------------------------------- what is shown

function paint(page, { sheets, classes, nine, chance }, at, which) {
  const sheet = sheets[at];
  const row = clamp(which, sheet.channels.length - 1);
  const one = sheet.channels[row];
  const kinds = one.labels.map((label) => classes[label]);

  set(page.layer.range, { "aria-valuetext": `${sheet.layer}, ${at + 1} of ${sheets.length}` });
  page.layer.range.value = at;
  say(page.layer.value, `${sheet.layer} (${at + 1} of ${sheets.length})`);
  const where = `${row + 1} of ${sheet.channels.length}`;
  set(page.channel.range, { max: sheet.channels.length - 1, "aria-valuetext": `channel ${one.number}, ${where}` });
  page.channel.range.value = row;
  say(page.channel.value, `${one.number} (${where})`);

  const told = {
    patch: (n) => `Patch ${n + 1}: ${kinds[n]}, activation ${number(one.values[n])}`,
    projection: (n) => `Projection of patch ${n + 1}`,
  };
  for (const [first, name] of [[0, "patch"], [nine, "projection"]]) {
    page.tiles[name].forEach(({ tile, picture }, n) => {
      set(tile, {
        viewBox: `${(first + n) * sheet.tile} ${row * sheet.tile} ${sheet.tile} ${sheet.tile}`,
        "aria-label": told[name](n),
      });
      set(picture, { width: 2 * nine * sheet.tile, height: sheet.channels.length * sheet.tile, href: sheet.sprite });
    });
  }

  const order = one.means.map((_, kind) => kind).sort((a, b) => one.means[b] - one.means[a]);
  const reach = Math.max(...one.means.map(Math.abs)) || 1;
  const some = order.length > KINDS ? `: the ${KINDS} highest of ${order.length} kinds` : " by kind";
  say(page.caption, `Mean activation${some}`);
  page.lines.forEach(({ title, bar, cell }, n) => {
    const mean = one.means[order[n]];
    say(title, classes[order[n]]);
    bar.style.width = `${(100 * Math.max(mean, 0)) / reach}%`;
    say(cell, number(mean, 3));
  });

  const sees = sheet.size ? `a unit sees ${sheet.size} x ${sheet.size} px` : "a unit sees the whole picture";
  const share = one.share === null ? "" :
    ` Of its top hundred pictures, ${one.share.toFixed(0)} % are of one kind (chance: ${chance.toFixed(0)} %).`;
  say(page.readout, `Layer ${sheet.layer}, channel ${one.number}: ${sees}. ` +
    `Its ${nine} strongest pictures: ${counted(kinds)}.${share} Highest mean activation: ${classes[order[0]]}, ${number(one.means[order[0]], 3)}.`);
}

// ---------------------------------------------------------------- what the reader does

function render({ model, el }) {
  const packed = model.get("packed");
  const page = build(el, packed);
  const stop = new AbortController(); // takes this view's listeners with it
  const draw = () => paint(page, packed, clamp(model.get("layer"), packed.sheets.length - 1), model.get("channel"));

  for (const name of ["layer", "channel"]) {
    page[name].range.addEventListener("input", () => {
      model.set(name, Number(page[name].range.value));
      model.save_changes();
    }, { signal: stop.signal });
    page[name].range.addEventListener("keydown", (event) => event.stopPropagation(), { signal: stop.signal });
    model.on(`change:${name}`, draw);
  }
  draw();
  return () => {
    stop.abort();
    for (const name of ["layer", "channel"]) model.off(`change:${name}`, draw);
    page.root.remove();
  };
}

export default { render };
