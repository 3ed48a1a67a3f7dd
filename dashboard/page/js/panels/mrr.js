// Movements of MRR by month: stacked around zero, the net as a line, and a table whose cells open what is behind them.
import * as api from "../api.js";
import { h, s, swap } from "../dom.js";
import { kpiTitle, t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { href, leave } from "../url.js";
import { bucketBack, numbers } from "../series.js";
import { store } from "../store.js";

const GAINS = { mrr_new: "--c1", mrr_expansion: "--c2", mrr_reactivation: "--c3" };
const LOSSES = { mrr_contraction: "--c4", mrr_churn: "--c5" };
const ALL = { ...GAINS, ...LOSSES };
const NET = "net_new_mrr";
const MONTHS = 12;

export function mrr() {
  return panel({ title: t("panel.mrr"), name: "mrr_movements", size: "two-thirds", load, draw, every: 20_000 });
}

async function load(signal) {
  const range = { step: "month", from: bucketBack("month", MONTHS - 1), to: bucketBack("month", 0) };
  const ids = [...Object.keys(ALL), NET];
  const found = await Promise.all(ids.map((kpi) => api.of(store.tenant, kpi, "series", range, { signal })));
  return { buckets: found[0].buckets ?? [], values: Object.fromEntries(ids.map((kpi, at) => [kpi, found[at].series?.[0]?.values ?? []])) };
}

function draw({ buckets, values }) {
  const doc = { unit: "money", currency: store.docs.get("mrr")?.currency ?? store.tenants.find((one) => one.tenant === store.tenant)?.currency };
  if (!Object.values(values).flat().some((one) => Number(one))) return { note: t("tile.no_data") };
  const months = buckets.map((name) => f.bucket(name, "month"));
  const ticks = buckets.map((name) => f.bucket(name, "month", "UTC", { tight: true }));
  const kinds = [...Object.keys(ALL), NET];
  const rows = kinds.map((kpi) => ({ kpi, name: kpiTitle(kpi, store.catalog.get(kpi)?.title), values: values[kpi], klass: kpi === NET ? "total" : null }));
  const columns = [{ key: "name", label: t("mrr.movement"), show: (row) => [row.kpi !== NET && h("i", { class: "swatch", style: { background: `var(${ALL[row.kpi]})` } }), row.name] },
    ...months.map((month, at) => ({ key: `m${at}`, label: month, num: true, sort: (row) => row.values[at], raw: (row) => row.values[at], show: (row) => cell(row, at, buckets, doc) })).reverse()];
  const net = numbers(values[NET]);
  const sum = net.reduce((total, one) => total + (one ?? 0), 0);
  return {
    takeaway: t(sum >= 0 ? "mrr.grew" : "mrr.shrank", { amount: f.text(String(Math.abs(sum)), doc), months: buckets.length }),
    chart: h("div", {}, legend(), fitted((wide) => drawing(wide, ticks, values, net, doc)), table({ caption: t("panel.mrr"), columns, rows, klass: "moves-table" })), columns, rows,
  };
}

function cell(row, at, buckets, doc) {
  const value = row.values[at];
  const text = value === null || value === undefined ? "–" : f.text(row.kpi in LOSSES && Number(value) > 0 ? `-${value}` : value, doc);
  if (!Number(value)) return text;
  const month = f.bucket(buckets[at], "month", "UTC", { full: true });
  return h("a", { href: href({ ...leave, kpi: row.kpi, step: "month", ...within(buckets[at], buckets.length - 1 - at) }), "aria-label": t("mrr.open", { movement: row.name, month, amount: text }) }, text);
}

/** The window of a month so many months back: one that is long over is last month, seen from the second day after it. */
export function within(bucket, back) {
  if (back < 2) return { window: back ? "last_month" : "month" };
  const [year, month] = bucket.split("-").map(Number);
  return { window: "last_month", as_of: new Date(Date.UTC(year, month, 2)).toISOString().slice(0, 10) };
}

const legend = () => h("div", { class: "legend", "aria-hidden": "true" }, Object.entries(ALL).map(([kpi, ink]) => h("span", {}, h("i", { style: { background: `var(${ink})` } }), kpiTitle(kpi, store.catalog.get(kpi)?.title))), h("span", {}, h("i", { class: "line", style: { background: "var(--text)", width: "14px" } }), kpiTitle(NET)));

/** A drawing as wide as its place, made again when that changes. */
function fitted(make) {
  const box = h("div", { class: "moves-box" });
  new ResizeObserver(([{ contentRect }]) => contentRect.width && swap(box, make(Math.round(contentRect.width)))).observe(box);
  return box;
}

function drawing(wide, months, values, net, doc) {
  const [high, left, foot] = [220, 62, 22];
  const signed = (kpi, at) => { const found = Math.abs(Number(values[kpi][at] ?? 0)); return kpi in LOSSES ? -found : found; };
  const stack = (kinds, at) => Object.keys(kinds).reduce((sum, kpi) => sum + signed(kpi, at), 0);
  const top = Math.max(...months.map((_, at) => stack(GAINS, at)), 1);
  const low = Math.min(...months.map((_, at) => stack(LOSSES, at)), 0);
  const y = (value) => 8 + ((top - value) / (top - low || 1)) * (high - foot - 16);
  const step = (wide - left - 12) / months.length;
  const bars = months.flatMap((_, at) => [GAINS, LOSSES].flatMap((kinds) => {
    let base = 0;
    return Object.entries(kinds).map(([kpi, ink]) => {
      const [from, to] = [base, (base += signed(kpi, at))];
      const size = Math.abs(y(to) - y(from));
      return size < 0.5 ? null : s("rect", { class: at === months.length - 1 ? "run" : null, x: left + at * step + step * 0.2, width: step * 0.6, y: Math.min(y(from), y(to)), height: Math.max(size - 1, 0.5), rx: 2, style: { fill: `var(${ink})` } });
    });
  }));
  const x = (at) => left + at * step + step / 2;
  const line = net.map((value, at) => (value === null ? null : [x(at), y(Math.max(Math.min(value, top), low))])).filter(Boolean);
  const ticks = [top, 0, ...(low < 0 ? [low] : [])];
  return s("svg", { class: "moves", viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": t("panel.mrr") },
    ticks.map((value) => s("g", {}, s("line", { class: value ? "axis" : "zero", x1: left, x2: wide, y1: y(value), y2: y(value) }), s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, f.text(String(Math.round(value)), { ...doc, unit: "money" })))),
    bars, s("path", { class: "net", d: line.map(([a, b], at) => `${at ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("") }), line.map(([a, b]) => s("circle", { class: "net-dot", cx: a, cy: b, r: 3 })),
    months.map((month, at) => ((months.length - 1 - at) % Math.ceil(50 / step) ? null : s("text", { x: x(at), y: high - 4, "text-anchor": "middle" }, month))));
}
