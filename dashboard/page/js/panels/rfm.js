// Customers by recency and frequency, in fifths: a heat map of 5 × 5, money added up within each cell.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { keyOf, segments, windowFoot } from "./segments.js";

const FIFTHS = [1, 2, 3, 4, 5];

export function rfm() {
  return panel({ title: t("panel.rfm"), name: "rfm_segment", size: "third stretch", load: (signal) => segments("rfm_segment", signal), draw });
}

/** Customers by [recency][frequency], each 1 to 5, from documents whose segment is `r-f-m`. */
export function gridOf(docs) {
  const grid = FIFTHS.map(() => FIFTHS.map(() => 0));
  for (const doc of docs) {
    const [recency, frequency] = String(keyOf(doc)).split("-").map(Number);
    if (grid[recency - 1]?.[frequency - 1] !== undefined) grid[recency - 1][frequency - 1] += Number(doc.value ?? 0);
  }
  return grid;
}

function draw({ dimensions, window }) {
  const docs = dimensions.rfm ?? [];
  const grid = gridOf(docs);
  const all = grid.flat().reduce((sum, one) => sum + one, 0);
  if (!all) return { note: t("tile.no_data") };
  const quiet = [0, 1].flatMap((recency) => grid[recency].slice(3)).reduce((sum, one) => sum + one, 0);
  const rows = docs.map((doc) => ({ rfm: keyOf(doc), customers: Number(doc.value ?? 0) })).sort((a, b) => b.customers - a.customers);
  return {
    takeaway: t("rfm.takeaway", { count: quiet, n: f.whole(quiet) }), chart: chart(grid), rows, foot: windowFoot(window),
    columns: [{ key: "rfm", label: "R-F-M" }, { key: "customers", label: t("count"), num: true, show: (row) => f.whole(row.customers) }],
  };
}

function chart(grid) {
  const most = Math.max(...grid.flat(), 1);
  const cell = (value) => h("td", { style: { "--share": (value / most).toFixed(3) } }, value ? f.whole(value) : "");
  const lines = FIFTHS.toReversed().map((recency) => h("tr", {}, h("th", { scope: "row" }, { 5: t("rfm.recent"), 1: t("rfm.long_ago") }[recency] ?? String(recency)), FIFTHS.map((frequency) => cell(grid[recency - 1][frequency - 1]))));
  const heads = FIFTHS.map((one) => h("th", { scope: "col" }, { 1: t("rfm.rarely"), 5: t("rfm.often") }[one] ?? String(one)));
  return h("a", { href: href({ ...leave, kpi: "rfm_segment" }) }, h("table", { class: "cohorts wide" }, h("caption", { class: "sr" }, t("panel.rfm")), h("thead", {}, h("tr", {}, h("td"), heads)), h("tbody", {}, lines)));
}
