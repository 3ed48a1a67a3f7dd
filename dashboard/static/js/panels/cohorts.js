// Retention of cohorts as a heat map, which is a real table: a row a month of joining, a column a month since.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { bucketBack } from "../series.js";
import { keyOf, segments } from "./segments.js";

const SHOWN = 12;

export function cohorts() {
  return panel({ title: t("panel.cohorts"), name: "cohort_retention", size: "half", load: (signal) => segments("cohort_retention", signal, "all"), draw, twin: false, every: 30_000 });
}

/** Rows of {month, size, cells: [{value, n, numerator}]} from documents whose segment is `2026-01+2`. */
export function rowsOf(docs) {
  const rows = new Map();
  for (const doc of docs) {
    const [month, later] = String(keyOf(doc)).split("+");
    if (!rows.has(month)) rows.set(month, { month, size: 0, cells: [] });
    const row = rows.get(month);
    row.cells[Number(later)] = doc;
    row.size = Math.max(row.size, Number(doc.denominator ?? doc.n ?? 0));
  }
  return [...rows.values()].sort((a, b) => (a.month < b.month ? 1 : -1));
}

const monthsBetween = (from, to) => (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5)) - Number(from.slice(5));

function draw({ dimensions }) {
  const rows = rowsOf(dimensions.cohort ?? []).slice(0, SHOWN);
  if (!rows.length) return { note: t("tile.no_data") };
  const running = bucketBack("month", 0);
  const reach = Math.max(...rows.map((row) => monthsBetween(row.month, running)), 0);
  const after = Math.min(3, reach);
  const known = rows.filter((row) => monthsBetween(row.month, running) > after && row.size);
  const kept = known.reduce((sum, row) => sum + Number(row.cells[after]?.numerator ?? 0), 0);
  const all = known.reduce((sum, row) => sum + row.size, 0);
  const columns = [{ key: "month", label: t("cohorts.joined") }, { key: "size", label: t("cohorts.size"), num: true }, ...Array.from({ length: reach + 1 }, (_, at) => ({ key: `k${at}`, label: `+${at}`, raw: (row) => row.cells[at]?.value ?? "" }))];
  return {
    takeaway: all ? t("cohorts.takeaway", { count: after, months: after, share: f.percent(kept / all, 0) }) : "",
    chart: chart(rows, reach, running), columns, rows,
  };
}

function chart(rows, reach, running) {
  const heads = Array.from({ length: reach + 1 }, (_, at) => h("th", { scope: "col" }, at ? `+${at}` : t("cohorts.first")));
  const lines = rows.map((row) => h("tr", {}, h("th", { scope: "row" }, f.bucket(row.month, "month")), h("td", { class: "size" }, f.whole(row.size)),
    Array.from({ length: reach + 1 }, (_, at) => cell(row, at, running))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("panel.cohorts") }, h("table", { class: "cohorts" }, h("caption", { class: "sr" }, t("panel.cohorts")), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("cohorts.joined")), h("th", { scope: "col" }, t("cohorts.size")), heads)), h("tbody", {}, lines)));
}

/** A month without a document is 0 when it lies in the past; a month to come is no cell at all. */
function cell(row, at, running) {
  const ahead = monthsBetween(row.month, running) - at;
  if (ahead < 0) return h("td", { "aria-hidden": "true" });
  const share = Number(row.cells[at]?.value ?? 0);
  return h("td", { class: ahead === 0 ? "run" : null, title: t("cohorts.cell", { kept: f.whole(row.cells[at]?.numerator ?? 0), size: f.whole(row.size) }), style: { "--share": share.toFixed(3) }, data: { full: share >= 0.95 } }, f.percent(share, 0));
}

/** Where the weekly ones are. */
export const weekly = () => href({ ...leave, kpi: "cohort_retention_week", window: "all" });
