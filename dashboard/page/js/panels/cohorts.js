// Retention of cohorts as a heat map, which is a real table: a row a month (or week) of joining, a column each since.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { bucketBack } from "../series.js";
import { keyOf, segments } from "./segments.js";

const SHOWN = 12;

export function cohorts(kpi = "cohort_retention") {
  const step = kpi.endsWith("_week") ? "week" : "month";
  return panel({ title: t("panel.cohorts"), name: kpi, size: "half", load: (signal) => segments(kpi, signal, "all"), draw: (found) => draw(found, step, kpi), twin: false, every: 30_000 });
}

/** Rows of {start, size, cells: [{value, n, numerator}]} from documents whose segment is `2026-01+2`. */
export function rowsOf(docs) {
  const rows = new Map();
  for (const doc of docs) {
    const [start, later] = String(keyOf(doc)).split("+");
    if (!rows.has(start)) rows.set(start, { start, size: 0, cells: [] });
    const row = rows.get(start);
    row.cells[Number(later)] = doc;
    row.size = Math.max(row.size, Number(doc.denominator ?? doc.n ?? 0));
  }
  return [...rows.values()].sort((a, b) => (a.start < b.start ? 1 : -1));
}

const WEEK = 7 * 86_400_000;

/** The Monday of an ISO week such as `2026-W05`, as a date. */
export function monday(week) {
  const [year, number] = week.split("-W").map(Number);
  const fourth = Date.UTC(year, 0, 4); // always in week 1
  return new Date(fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * 86_400_000 + (number - 1) * WEEK).toISOString().slice(0, 10);
}

/** How many units lie between the start of a cohort and the bucket that runs. */
function age(start, running, step) {
  if (step === "week") return Math.round((Date.parse(running) - Date.parse(monday(start))) / WEEK);
  return (Number(running.slice(0, 4)) - Number(start.slice(0, 4))) * 12 + Number(running.slice(5)) - Number(start.slice(5));
}

const called = (start, step) => (step === "week" ? f.bucket(monday(start), "week") : f.bucket(start, "month"));

function draw({ dimensions }, step, kpi) {
  const rows = rowsOf(dimensions.cohort ?? []).slice(0, SHOWN);
  if (!rows.length) return { note: t("tile.no_data") };
  const running = bucketBack(step, 0);
  for (const row of rows) row.age = age(row.start, running, step);
  const reach = Math.max(...rows.map((row) => row.age), 0);
  const after = Math.min(3, reach);
  const known = rows.filter((row) => row.age > after && row.size);
  const kept = known.reduce((sum, row) => sum + Number(row.cells[after]?.numerator ?? 0), 0);
  const all = known.reduce((sum, row) => sum + row.size, 0);
  const columns = [{ key: "start", label: t("cohorts.joined") }, { key: "size", label: t("cohorts.size"), num: true }, ...Array.from({ length: reach + 1 }, (_, at) => ({ key: `k${at}`, label: `+${at}`, raw: (row) => row.cells[at]?.value ?? "" }))];
  const said = step === "week" ? t("cohorts.takeaway_weeks", { count: after, n: after, share: f.percent(kept / all, 0) }) : t("cohorts.takeaway", { count: after, n: after, share: f.percent(kept / all, 0) });
  return { takeaway: all ? said : "", chart: chart(rows, reach, step, kpi), columns, rows };
}

function chart(rows, reach, step, kpi) {
  const heads = Array.from({ length: reach + 1 }, (_, at) => h("th", { scope: "col" }, `+${at}`));
  const lines = rows.map((row) => h("tr", {}, h("th", { scope: "row" }, called(row.start, step)), h("td", { class: "size" }, f.whole(row.size)),
    Array.from({ length: reach + 1 }, (_, at) => cell(row, at, kpi))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("panel.cohorts") }, h("table", { class: "cohorts" }, h("caption", { class: "sr" }, t("panel.cohorts")), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("cohorts.joined")), h("th", { scope: "col" }, t("cohorts.size")), heads)), h("tbody", {}, lines)));
}

/** A bucket without a document is 0 when it lies in the past; one to come is no cell at all. */
function cell(row, at, kpi) {
  const ahead = row.age - at;
  if (ahead < 0) return h("td", { "aria-hidden": "true" });
  const share = Number(row.cells[at]?.value ?? 0);
  return h("td", { class: ahead === 0 ? "run" : null, title: t("cohorts.cell", { kept: f.whole(row.cells[at]?.numerator ?? 0), size: f.whole(row.size) }), style: { "--share": share.toFixed(3) }, data: { full: share >= 0.95 } }, row.cells[at] ? h("a", { href: href({ ...leave, kpi, segment: `cohort:${row.start}+${at}` }) }, f.percent(share, 0)) : f.percent(share, 0));
}
