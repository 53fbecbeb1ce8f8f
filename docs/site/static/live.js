// What makes a page of the course alive without a kernel: the explorer, the browser, sliders, and guesses that are scored.
//
// The build puts a <div class="live"> where a widget of a notebook was. What is large stands in a script of its own,
// which calls `course.bring` and is fetched when its place comes near the window: so it works from a disk as well.

window.course = (() => {
  const base = `${document.documentElement.dataset.content_root ?? ""}_static/`;
  const [kinds, waiting, scripts, guesses] = [{}, {}, {}, new Map()]; // guesses: question -> what the reader said

  function add(parent, tag, attributes = {}, text = "") {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return parent.appendChild(made);
  }

  const number = (() => {
    let count = 0;
    return () => `live-${(count += 1)}`;
  })();

  // As Python's format "g" writes it: at most six digits.
  const short = (value) => String(Number(Number(value).toPrecision(6)));

  function fetchScript(name) {
    return (scripts[name] ??= new Promise((done, failed) => {
      const script = add(document.head, "script", { src: `${base}${name}` });
      script.addEventListener("load", done);
      script.addEventListener("error", () => failed(new Error(`${name} is not there`)));
    }));
  }

  function fetchStyle(name) {
    if (!document.querySelector(`link[href$="${name}"]`)) add(document.head, "link", { rel: "stylesheet", href: `${base}${name}` });
  }

  // A range with its name before it and its value behind.
  function range(parent, title, options, start, change) {
    const [row, id] = [add(parent, "div", { class: "live-range" }), number()];
    add(row, "label", { for: id }, title);
    const input = add(row, "input", { type: "range", id, min: 0, max: options.length - 1, step: 1, value: start });
    const output = add(row, "output", { for: id });
    const show = () => {
      output.textContent = options[input.value];
      input.setAttribute("aria-valuetext", options[input.value]);
    };
    input.addEventListener("input", () => {
      show();
      change(Number(input.value));
    });
    show();
    return input;
  }

  // ---------------------------------------------------------------- guesses

  kinds.guess = (el, { question, low, high, step, unit, close }) => {
    const count = Math.round((high - low) / step);
    const values = Array.from({ length: count + 1 }, (_, n) => short(low + n * step));
    const box = add(el, "fieldset", { class: "live-box" });
    add(box, "legend", {}, question);
    range(box, "Your guess", values.map((value) => value + unit), Math.round(count / 2), (n) => {
      guesses.set(question, { value: Number(values[n]), near: close * (high - low), unit });
    });
  };

  kinds.expect = (el, { question, rows, columns }) => {
    const box = add(el, "fieldset", { class: "live-box" });
    add(box, "legend", {}, question);
    const table = add(add(box, "div", { class: "live-wide" }), "table");
    const head = add(add(table, "thead"), "tr");
    add(head, "td");
    for (const column of columns) add(head, "th", { scope: "col" }, column);
    const body = add(table, "tbody");
    for (const row of rows) {
      const line = add(body, "tr");
      add(line, "th", { scope: "row" }, row);
      for (const column of columns) {
        const tick = add(add(line, "td"), "input", { type: "checkbox", "aria-label": `${row}, ${column}` });
        tick.addEventListener("change", () => {
          const ticked = guesses.get(question) ?? new Set();
          ticked[tick.checked ? "add" : "delete"](`${row}\n${column}`);
          guesses.set(question, ticked);
        });
      }
    }
  };

  function asked(question) {
    const all = [...document.querySelectorAll("[data-live]")].map((one) => JSON.parse(one.dataset.live));
    return all.find((one) => one.question === question);
  }

  // The same sentences as the notebook's.
  function scored(question, truth) {
    const said = guesses.get(question);
    if (typeof truth === "number") {
      if (!said) return null;
      const apart = Math.abs(said.value - truth);
      const near = apart <= said.near ? "Close." : "Not close: what do you think now?";
      const [guess, is] = [said.value, truth].map((value) => short(value) + said.unit);
      return `You said ${guess}; it is ${is}. ${apart ? near : "Exactly right."}`;
    }
    if (!said?.size) return null;
    const { rows, columns } = asked(question);
    const boxes = rows.flatMap((row) => columns.map((column) => ({ row, column, holds: truth[row]?.[column] })))
      .filter(({ holds }) => holds !== undefined);
    const wrong = boxes.filter(({ row, column, holds }) => said.has(`${row}\n${column}`) !== holds);
    const told = wrong.map(({ row, column }) => `${row} on ${column}`).join("; ");
    const right = `You predicted ${boxes.length - wrong.length} of ${boxes.length} correctly.`;
    return wrong.length ? `${right}\nDifferent from what you predicted: ${told}.` : right;
  }

  function check(el) {
    const [{ question, truth }, unasked] = [JSON.parse(el.dataset.check), el.textContent];
    if (!asked(question)) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "live-button", textContent: "Score my guess" });
    el.before(button);
    el.textContent = "";
    el.hidden = true;
    button.addEventListener("click", () => {
      el.hidden = false;
      el.textContent = scored(question, truth) ?? unasked;
    });
  }

  // ---------------------------------------------------------------- figures that follow sliders

  kinds.sliders = (el, { options, start, free, shown, alt }) => {
    const box = add(el, "div", { class: "live-box" });
    const [at, sizes] = [{ ...start }, new Map(options.map(([name, values]) => [name, values.length]))];
    for (const [name, values] of options) {
      const input = range(box, name.replaceAll("_", " "), values, start[name], (n) => {
        at[name] = n;
        show();
      });
      if (!free.includes(name)) {
        input.disabled = true;
        add(input.parentNode, "span", { class: "live-note" }, "run the notebook to move this one");
      }
    }
    const picture = add(box, "img", { alt: alt ?? "" });
    const words = add(box, "pre", { "aria-live": "polite" });
    const show = () => {
      const [address, said] = shown[free.reduce((sum, name) => sum * sizes.get(name) + at[name], 0)];
      picture.hidden = !address;
      if (address) picture.src = address;
      words.hidden = !said;
      words.textContent = said;
    };
    show();
  };

  // ---------------------------------------------------------------- explorer and browser

  async function widget(name, el, state) {
    fetchStyle("widgets.css");
    await fetchScript("widgets.js");
    return course.widgets[name].render({ model: course.widgets.live(state), el });
  }

  kinds.explorer = (el, { state }) => widget("explorer", el, state);
  kinds.browser = (el, { state }) => widget("browser", el, state);

  kinds.gallery = async (el, { explorers }) => {
    const [row, id] = [add(el, "div", { class: "live-range" }), number()];
    add(row, "label", { for: id }, "Picture");
    const select = add(row, "select", { id });
    explorers.forEach(([name], n) => add(select, "option", { value: n }, name.replaceAll("_", " ")));
    const place = add(el, "div");
    const show = () => widget("explorer", place, explorers[select.value][1].state);
    let stop = await show();
    select.addEventListener("change", async () => {
      stop();
      stop = await show();
    });
  };

  // ---------------------------------------------------------------- the page

  function wake(el, live) {
    el.querySelector(".live-words")?.remove();
    return kinds[live.kind](el, live);
  }

  function bring(name, live) {
    waiting[name].forEach((el) => wake(el, live));
  }

  // What scrolls sideways can be reached and scrolled by keyboard.
  function reachable() {
    for (const box of document.querySelectorAll("div.math, p:has(> math), .live-wide")) {
      if (box.scrollWidth <= box.clientWidth || box.tabIndex === 0) continue;
      for (const [name, value] of [["tabindex", 0], ["role", "group"], ["aria-label", "wider than the page"]]) box.setAttribute(name, value);
    }
  }

  // From a disk no page may read another one, so the search shows titles without sentences.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  function begin() {
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        fetchScript(`live/${target.dataset.name}.js`);
      }
    }, { rootMargin: "800px" });
    for (const el of document.querySelectorAll(".live")) {
      if (el.dataset.live) wake(el, JSON.parse(el.dataset.live));
      else {
        (waiting[el.dataset.name] ??= []).push(el);
        near.observe(el);
      }
    }
    document.querySelectorAll(".live-check").forEach(check);
    reachable();
    addEventListener("resize", reachable);
    for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
  return { bring, widgets: {}, guesses };
})();
