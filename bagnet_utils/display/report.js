// The explorers of a report. All their data are in the page, so they need neither Jupyter nor a connection.

// What anywidget would give to the explorer: a model that keeps its state.
function live(state) {
  const heard = {};
  return {
    state,
    heard,
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      for (const call of [...(heard[`change:${name}`] ?? [])]) call();
    },
    save_changes() {},
    on: (name, call) => (heard[name] ??= []).push(call),
    off: (name, call) => (heard[name] = heard[name].filter((other) => other !== call)),
  };
}

const models = JSON.parse(document.getElementById("explorer-data").textContent).map(live);
const [choice, place] = ["explorer-choice", "explorer-place"].map((id) => document.getElementById(id));
let stop = null;

function show() {
  stop?.();
  stop = explorer.render({ model: models[Number(choice.value)], el: place });
}

choice.addEventListener("change", show);
show();
