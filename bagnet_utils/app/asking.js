// What the page asks the server. A newer question makes an older one of its kind stop.

const HEADER = "X-BagNet-Visitor";

export class Problem extends Error {} // one line for the visitor
export class Outdated extends Error {} // nobody waits for this answer any more

let visitor = "new";
let running = null; // what can stop the question that is on its way

async function send(address, body, signal) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body, signal, headers: { [HEADER]: visitor } });
  } catch (trouble) {
    if (trouble.name === "AbortError") throw new Outdated();
    throw new Problem("The app does not answer. Is it still running? Start it again, and open the address it prints.");
  }
  if (answer.ok) return answer;
  if (answer.status === 409) throw new Outdated();
  throw Object.assign(new Problem(await answer.text()), { status: answer.status });
}

export async function begin() {
  const about = await (await send("begin", "")).json();
  visitor = about.visitor;
  return about;
}

// The visitor's own picture; it is kept by this page as well, should the server have forgotten it.
export async function give(blob, side) {
  await again(() => send(`own?side=${side}`, blob));
}

async function again(question, own, side) { // once more, if the server has forgotten this page or its picture
  try {
    return await question();
  } catch (problem) {
    if (problem.status !== 410) throw problem;
    await begin();
    if (own) await send(`own?side=${side}`, own);
    return question();
  }
}

// Lines of JSON as they come: those that tell how far it is go to `progress`, all others are returned.
// (Chromium counts as broken off what is only read piece by piece, even to its end: so a copy is read as a whole.)
async function* lines(answer) {
  answer.clone().text().catch(() => {});
  const [reader, decoder] = [answer.body.getReader(), new TextDecoder()];
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const parts = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
    if (done) return;
  }
}

export async function ask(address, question, own, progress) {
  running?.abort();
  const mine = (running = new AbortController());
  try {
    const body = JSON.stringify(question);
    const answer = await again(() => send(address, body, mine.signal), own, question.side);
    const found = [];
    for await (const line of lines(answer)) {
      if (mine.signal.aborted) throw new Outdated();
      if (line.problem) throw line.status === 409 ? new Outdated() : new Problem(line.problem);
      if (line.of) progress(line.done / line.of);
      else found.push(line);
    }
    return found;
  } catch (trouble) {
    if (mine.signal.aborted || trouble.name === "AbortError") throw new Outdated();
    if (trouble instanceof TypeError) throw new Problem("The app stopped answering. Is it still running?");
    throw trouble;
  } finally {
    if (running === mine) running = null;
  }
}

export const stop = () => running?.abort();

addEventListener("pagehide", () => {
  fetch("leave", { method: "POST", keepalive: true, headers: { [HEADER]: visitor } }).catch(() => {});
});
