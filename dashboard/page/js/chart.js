// The large chart, by uPlot, which is only loaded here. Buckets are drawn by position and labelled by name, so that no
// time zone but the tenant's can come in. The running bucket is hatched (bars) or dashed (lines).
import { h } from "./dom.js";
import { t } from "./i18n.js";
import * as f from "./format.js";
import { unsure } from "./series.js";

let loading = null;

/** Loads uPlot once. */
export function ready() {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(h("link", { rel: "stylesheet", href: "/static/vendor/uplot/uPlot.min.css" }),
      h("script", { src: "/static/vendor/uplot/uPlot.iife.min.js", onload: () => resolve(globalThis.uPlot), onerror: () => { loading = null; reject(new Error(t("problem.chart"))); } }));
  });
  return loading;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function hatch(ink) {
  const tile = h("canvas", { width: 8, height: 8 });
  const pen = tile.getContext("2d");
  Object.assign(pen, { strokeStyle: ink, lineWidth: 1.6 });
  for (const shift of [-8, 0, 8]) { pen.beginPath(); pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); pen.stroke(); }
  return pen.createPattern(tile, "repeat");
}

/** Series for uPlot: [x, closed, running, before]. */
function columns({ values, before, running }, bars) {
  const last = values.length - 1;
  const closed = values.map((one, at) => (running && at === last ? null : one));
  const open = values.map((one, at) => (running && (at === last || (!bars && at === last - 1)) ? one : null));
  return [values.map((_, at) => at), closed, open, before ?? values.map(() => null)];
}

/** Draws `data` of series.js into `box`. Returns {update(data), destroy(), png()}.
 * `drawing` runs when uPlot is there, just before the new chart is. */
export async function chart(box, data, { doc, bars, zero, zone, step, line = null, notes = [] }, drawing = () => {}) {
  const UPlot = await ready();
  drawing();
  let now = data;
  const ink = colour("--c1");
  const paths = bars ? UPlot.paths.bars({ size: [0.72, 46], radius: 0.18 }) : UPlot.paths.linear();
  const points = { show: (u, at) => !bars && (at === 1 || at === 2) && now.values.length <= 31, size: 5, fill: ink, width: 0 };
  const tip = h("div", { class: "tip", hidden: true });
  const font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--muted"), font, ticks: { show: false }, grid: { stroke: colour("--line"), width: 1 } };
  const options = {
    width: box.clientWidth || 600, height: box.clientHeight || 300, padding: [12, 20, 0, 4], legend: { show: false },
    cursor: { y: false, points: { size: 8, width: 2, fill: colour("--surface"), stroke: ink }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: (u, low, high) => [low - (bars ? 0.6 : 0.2), high + (bars ? 0.6 : 0.2)] }, y: { range: (u, low, high) => range(...withLine(low, high, line), zero || bars) } },
    axes: [
      { ...axis, grid: { show: false }, gap: 8, size: 32, space: 62, incrs: [1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 24, 30, 60, 90], values: (u, at) => at.map((one) => (now.buckets[one] && Number.isInteger(one) ? f.bucket(now.buckets[one], step, zone, { tight: true }) : "")) },
      { ...axis, gap: 6, size: (u, values) => Math.max(40, ...(values ?? []).map((one) => one.length * 6.6 + 16)), space: 44, values: (u, at) => at.map((one) => tick(one, doc, at)) },
    ],
    series: [
      {},
      { stroke: ink, width: bars ? 0 : 2, fill: bars ? ink : `${ink}14`, paths, points, spanGaps: false },
      { stroke: ink, width: bars ? 1 : 2, dash: bars ? undefined : [5, 4], fill: bars ? hatch(ink) : undefined, paths, points },
      { stroke: colour("--compare"), width: 1.5, dash: [3, 4], paths: UPlot.paths.linear(), points: { show: false } },
    ],
    hooks: { draw: [(u) => lines(u, line, notes)], setCursor: [(u) => tooltip(u, tip, now, { doc, step, zone })] },
  };
  const plot = new UPlot(options, columns(data, bars), box);
  plot.over.append(tip);
  const size = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: box.clientHeight }));
  size.observe(box);
  const keys = (event) => walk(event, plot, now.values.length);
  box.addEventListener("keydown", keys);
  return {
    update: (next) => { now = next; plot.setData(columns(next, bars)); },
    destroy: () => { size.disconnect(); box.removeEventListener("keydown", keys); plot.destroy(); },
    png: () => picture(plot.ctx.canvas),
  };
}

const withLine = (low, high, line) => (line && low !== null && high !== null ? [Math.min(low, line.value), Math.max(high, line.value)] : [low, high]);

/** The target as a dash-dotted line, and marked days as thin upright ones with a knob on top. */
function lines(u, line, notes) {
  const { ctx, bbox } = u;
  ctx.save();
  Object.assign(ctx, { lineWidth: 1.5 * devicePixelRatio, strokeStyle: colour("--text"), fillStyle: colour("--text") });
  if (line) {
    const y = u.valToPos(line.value, "y", true);
    ctx.setLineDash([9, 4, 2, 4].map((one) => one * devicePixelRatio));
    ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
  }
  ctx.setLineDash([2, 3].map((one) => one * devicePixelRatio));
  ctx.lineWidth = devicePixelRatio;
  for (const one of notes) {
    const x = u.valToPos(one.at, "x", true);
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    ctx.beginPath(); ctx.arc(x, bbox.top + 3 * devicePixelRatio, 3 * devicePixelRatio, 0, 7); ctx.fill();
  }
  ctx.restore();
}

/** The scale of y: with zero where asked for, else with a margin around the values. */
export function range(low, high, zero) {
  if (low === null || high === null) return [0, 1];
  if (low === high) return zero ? [Math.min(0, low), Math.max(0, high) || 1] : [low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  const gap = (high - low) * 0.08;
  return zero ? [Math.min(0, low < 0 ? low - gap : 0), Math.max(0, high > 0 ? high + gap : 0)] : [low - gap, high + gap];
}

function tick(value, doc, all) {
  if (["money", "money/day", "count"].includes(doc.unit) && Math.max(...all.map(Math.abs)) >= 10_000) return f.compact(value);
  const round = Number(value.toPrecision(12));
  if (doc.unit === "seconds") return f.span(round);
  if (doc.unit === "ratio") return f.percent(round, 2, { fixed: false });
  return ["money", "money/day"].includes(doc.unit) ? f.text(round, doc) : f.plain(round);
}

function tooltip(u, tip, data, { doc, step, zone }) {
  const at = u.cursor.idx;
  if (at === null || at === undefined || data.buckets[at] === undefined) { tip.hidden = true; return; }
  const open = data.running && at === data.values.length - 1;
  tip.replaceChildren(h("span", { class: "when" }, f.bucket(data.buckets[at], step, zone, { full: true }), open ? ` · ${t("tile.running")}` : ""), h("b", {}, f.text(data.raw[at], doc)),
    ...(data.n[at] !== undefined && data.n[at] !== null ? [h("span", { class: "when" }, [t("tile.n", { n: f.whole(data.n[at]) }), unsure(data.status[at]) && ` · ${t(`status.${data.status[at]}`)}`])] : []), ...(data.before ? [h("div", { class: "when" }, `${data.earlier[at] ? f.bucket(data.earlier[at], step, zone, { full: true }) : t("chart.before")}: ${f.text(data.before[at], doc)}`)] : []));
  tip.hidden = false;
  const wide = tip.offsetWidth;
  const left = u.valToPos(at, "x");
  tip.style.left = `${Math.max(0, Math.min(left + 14 + wide > u.over.clientWidth ? left - wide - 14 : left + 14, u.over.clientWidth - wide))}px`;
  tip.style.top = "6px";
}

function walk(event, plot, count) {
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -count, End: count }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = Math.min(Math.max((plot.cursor.idx ?? count - 1) + step, 0), count - 1);
  plot.setCursor({ left: plot.valToPos(at, "x"), top: 20 });
}

function picture(canvas) {
  const copy = h("canvas", { width: canvas.width, height: canvas.height });
  const pen = copy.getContext("2d");
  pen.fillStyle = colour("--surface");
  pen.fillRect(0, 0, copy.width, copy.height);
  pen.drawImage(canvas, 0, 0);
  return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
}
