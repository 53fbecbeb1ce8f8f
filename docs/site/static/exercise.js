// Exercises that can be done in the page: an editor below the stub, and the course's own check, which runs in Python.
//
// The build puts a <div class="course-exercise"> below such a stub. Nothing is loaded before the first click.

(() => {
  const here = document.currentScript.src;
  const LIMIT = 15; // seconds for one check
  let [engine, turn, count] = [null, Promise.resolve(), 0];

  function add(parent, tag, attributes = {}, text = "") {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return parent.appendChild(made);
  }

  // The next word of a worker.
  const word = (worker) =>
    new Promise((done, failed) => {
      worker.onmessage = ({ data }) => (data.failed ? failed(new Error(data.failed)) : done(data));
      worker.onerror = (event) => failed(new Error(event.message || "its script did not load"));
    });

  function started() {
    if (!engine) {
      const worker = new Worker(new URL("exercise-worker.js", here), { type: "module" });
      engine = word(worker).then(() => worker);
      engine.catch(() => stop(worker));
    }
    return engine;
  }

  function stop(worker) {
    worker.terminate();
    engine = null;
  }

  async function checked(question) {
    const worker = await started();
    let clock;
    const late = new Promise((done) => {
      clock = setTimeout(() => {
        stop(worker);
        started(); // for the next check
        done({ said: `✗ Stopped after ${LIMIT} seconds. Does a loop of yours come to its end?` });
      }, LIMIT * 1000);
    });
    const answer = word(worker);
    worker.postMessage(question);
    try {
      return (await Promise.race([answer, late])).said;
    } finally {
      clearTimeout(clock);
    }
  }

  // One check after the other, since there is one Python.
  const inTurn = (question) => (turn = turn.catch(() => {}).then(() => checked(question)));

  // What is typed can be undone, and the line below a line begins where that one does.
  function type(editor, text) {
    editor.focus();
    if (!document.execCommand("insertText", false, text)) editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "end");
  }

  function newLine(editor) {
    const line = editor.value.slice(0, editor.selectionStart).split("\n").pop();
    type(editor, `\n${line.match(/^\s*/)[0]}${line.trimEnd().endsWith(":") ? "    " : ""}`);
  }

  function open(place) {
    const { check, variable, stub } = place.dataset;
    const id = `exercise-${(count += 1)}`;
    const box = add(place, "fieldset", { class: "exercise-box" });
    add(box, "legend", {}, `Your code: ${check}`);
    const about = { id, "aria-label": `Your code: ${check}`, "aria-describedby": `${id}-keys`, rows: stub.split("\n").length + 3 };
    const editor = add(box, "textarea", { ...about, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off" });
    editor.value = stub;
    add(box, "p", { id: `${id}-keys`, class: "exercise-keys" }, "Enter keeps the indentation, Ctrl+Enter checks, Tab leaves the box.");
    const [button, again] = ["Check", "Back to the stub"].map((text) => add(box, "button", { type: "button" }, text));
    const said = add(box, "pre", { role: "status", "aria-live": "polite", class: "exercise-said" });

    async function ask() {
      if (button.getAttribute("aria-disabled")) return; // not `disabled`, which would lose the focus
      button.setAttribute("aria-disabled", "true");
      said.textContent = "Checking ...";
      try {
        said.textContent = await inTurn({ name: check, variable, code: editor.value });
      } catch (problem) {
        said.textContent = `Python did not start here (${problem.message}). Open the notebook instead: the buttons are above.`;
      }
      button.removeAttribute("aria-disabled");
    }

    button.addEventListener("click", ask);
    again.addEventListener("click", () => {
      editor.select();
      type(editor, stub);
    });
    editor.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) ask();
      else newLine(editor);
    });
    editor.focus();
    said.textContent = "Python is starting ... You can already write.";
    started().then(
      () => {
        if (said.textContent.startsWith("Python is")) said.textContent = "Python is ready.";
        document.querySelectorAll(".exercise-load").forEach((note) => note.remove());
      },
      (problem) => (said.textContent = `Python did not start here (${problem.message}). Open the notebook instead: the buttons are above.`),
    );
  }

  for (const place of document.querySelectorAll(".course-exercise")) {
    if (location.protocol === "file:") {
      add(place, "p", { class: "exercise-keys" }, "From a file, a browser starts no Python. See this page by python3 course.py site --serve to solve it here.");
      continue;
    }
    const button = add(place, "button", { type: "button", class: "exercise-open" }, "Solve it here");
    const note = add(place, "span", { class: "exercise-keys exercise-load" }, `loads Python and NumPy from this site: ${place.dataset.size} MB, once, some 15 seconds`);
    button.addEventListener("click", () => {
      button.remove();
      note.remove();
      open(place);
    });
  }
})();
