// Sparklines: the last thirty days (or weeks) as SVG; the running one is dashed, one without a value is a gap, bridged faintly.
import { s, swap } from "./dom.js";
import { t } from "./i18n.js";
import * as f from "./format.js";

const WIDE = 200;
const HIGH = 40;

/** Points of the values, null where there is none: x in [0, 200], y in [3, 37]. */
export function points(values) {
  const numbers = values.map((one) => (one === null || one === undefined || one === "" ? null : Number(one)));
  const known = numbers.filter((one) => one !== null);
  if (known.length < 2) return [];
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = high - low || 1;
  const flat = high === low;
  return numbers.map((one, at) => (one === null ? null : [(at / (numbers.length - 1)) * WIDE, flat ? (high ? HIGH / 2 : HIGH - 3) : HIGH - 3 - ((one - low) / span) * (HIGH - 6)]));
}

const round = (number) => Math.round(number * 10) / 10;
const path = (line) => line.map(([x, y], at) => `${at ? "L" : "M"}${round(x)} ${round(y)}`).join("");

/** Runs of neighbouring points. */
function runs(found) {
  const all = [[]];
  for (const one of found) if (one) all.at(-1).push(one); else if (all.at(-1).length) all.push([]);
  return all.filter((run) => run.length);
}

/** Draws into `box`. `running`: the last bucket goes on. Returns whether there was anything to draw. */
export function draw(box, values, { doc, title, step = "day", running = true }) {
  const found = points(values ?? []);
  const key = JSON.stringify([values, running, title]);
  if (box.drawn === key) return found.length > 0;
  box.drawn = key;
  if (!found.length) {
    swap(box);
    return false;
  }
  const known = found.filter(Boolean);
  const nodes = known.length < found.length ? [s("path", { class: "line bridge", d: path(known) })] : [];
  for (const run of runs(running ? found.slice(0, -1) : found)) {
    if (run.length > 1) nodes.push(s("path", { class: "area", d: `${path(run)}L${round(run.at(-1)[0])} ${HIGH}L${round(run[0][0])} ${HIGH}Z` }));
    nodes.push(s("path", { class: "line", d: run.length > 1 ? path(run) : `M${round(run[0][0])} ${round(run[0][1])}h.1` }));
    if (run.length === 1) nodes.at(-1).classList.add("alone");
  }
  const tail = found.slice(-2);
  if (running && tail.every(Boolean)) nodes.push(s("path", { class: "line run", d: path(tail) }));
  swap(box, s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": label(values, doc, title, step) }, nodes));
  return true;
}

function label(values, doc, title, step) {
  const known = values.filter((one) => one !== null && one !== "").sort((a, b) => Number(a) - Number(b));
  return t(step === "week" ? "spark.label_weeks" : "spark.label", { title, days: values.length, low: f.text(known[0], doc), high: f.text(known.at(-1), doc) });
}
