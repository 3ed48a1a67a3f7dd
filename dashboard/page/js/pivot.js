// Two dimensions crossed: a table tinted by value.
import * as api from "./api.js";
import { h } from "./dom.js";
import { dimensionName, segmentName, t } from "./i18n.js";
import * as f from "./format.js";
import { panel } from "./panel.js";
import { table } from "./table.js";
import { go, href, read } from "./url.js";
import { store } from "./store.js";
import { segmentWindow } from "./panels/segments.js";

/** The panel, for a KPI with at least two dimensions. */
export function pivot(kpi, dimensions) {
  const now = () => {
    const state = read();
    const rows = dimensions.includes(state.rows) ? state.rows : dimensions[0];
    return { rows, columns: dimensions.includes(state.columns) && state.columns !== rows ? state.columns : dimensions.find((one) => one !== rows) };
  };
  const choose = (key) => h("select", { class: "select", "aria-label": t(`pivot.${key}`), onchange: (event) => go({ [key]: event.target.value }, { replace: true }) },
    dimensions.map((one) => h("option", { value: one, selected: now()[key] === one }, dimensionName(one))));
  const load = (signal) => api.of(store.tenant, kpi, "cross", { window: segmentWindow(kpi), ...now() }, { signal });
  return panel({ title: t("panel.pivot"), name: `${kpi}_crossed`, size: "", load, draw: (data) => draw(data, kpi, now()), tools: [choose("rows"), h("span", { "aria-hidden": "true" }, "×"), choose("columns")], flush: true, twin: false, every: 20_000 });
}

function draw({ rows = [], columns = [], cells = [] }, kpi, now) {
  if (!rows.length || !columns.length) return { note: t("tile.no_data") };
  const doc = { ...store.catalog.get(kpi), kpi, currency: currency() };
  const known = cells.flat().filter((one) => one && one.value !== null).map((one) => Number(one.value));
  const most = Math.max(...known.map(Math.abs), 1e-9);
  const lines = rows.map((name, at) => ({ name, cells: cells[at] ?? [] }));
  const list = [{ key: "name", label: `${dimensionName(now.rows)} / ${dimensionName(now.columns)}`, show: (row) => h("a", { href: href({ segment: `${now.rows}:${row.name}` }) }, segmentName(row.name, now.rows)) },
    ...columns.map((column, at) => ({ key: `c${at}`, label: segmentName(column, now.columns), num: true, sort: (row) => row.cells[at]?.value, raw: (row) => row.cells[at]?.value ?? "", show: (row) => cell(row.cells[at], doc, most) }))];
  return { chart: table({ caption: t("panel.pivot"), columns: list, rows: lines, klass: "pivot", sortable: true }), columns: list, rows: lines };
}

function cell(found, doc, most) {
  if (!found || found.value === null) return h("span", { class: "muted" }, "–");
  const share = Math.min(Math.abs(Number(found.value)) / most, 1);
  return h("span", { title: t("tile.n", { n: f.whole(found.n ?? 0) }), style: { background: `rgb(var(--heat) / ${Math.round(share * 28)}%)`, padding: "3px 7px", "border-radius": "5px" } }, f.text(found.value, doc));
}

const currency = () => store.docs.get(read().kpi)?.currency ?? store.tenants.find((one) => one.tenant === store.tenant)?.currency;
