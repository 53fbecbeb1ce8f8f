// Python for the exercises of a page, beside the page: whatever runs here, the page stays awake.

const home = new URL("exercises/", import.meta.url);
const bytes = async (name) => {
  const answer = await fetch(new URL(name, home));
  if (!answer.ok) throw new Error(`${name} is not there`);
  return answer.arrayBuffer();
};

const brief = (problem) => ({ failed: String(problem).trim().split("\n").pop() });

async function start() {
  const archives = Promise.all(["numpy.zip", "course.zip"].map(bytes));
  archives.catch(() => {}); // awaited below, and reported there
  const { loadPyodide } = await import(new URL("pyodide.mjs", home).href);
  const python = await loadPyodide({ indexURL: home.href });
  const packages = python.runPython("import sysconfig; sysconfig.get_path('purelib')");
  for (const archive of await archives) python.unpackArchive(archive, "zip", { extractDir: packages });
  return python.runPython("import checking; checks = checking.checks(); lambda name, *rest: checking.checked(checks[name], *rest)");
}

const ready = start();
ready.then(() => postMessage({ ready: true })).catch((problem) => postMessage(brief(problem)));

onmessage = async ({ data: { name, variable, code } }) => {
  try {
    postMessage({ said: (await ready)(name, variable, code) });
  } catch (problem) {
    postMessage(brief(problem));
  }
};
