// The values of one dimension, largest first: value, n, share, change; a click filters by it.
import { h } from "./dom.js";
import { dimensionName, t } from "./i18n.js";
import * as f from "./format.js";
import { href, leave, read } from "./url.js";
import { changeOf } from "./change.js";
import { keyOf, nameOf } from "./panels/segments.js";
import { store } from "./store.js";

const FEW = 7;

/** Whether the segments of a KPI add up to its total: those that do so over time, and stocks, as their sum shows. */
function addsUp(kpi, docs, total) {
  if (store.catalog.get(kpi)?.additive) return true;
  if (!["count", "money"].includes(docs[0]?.unit) || !total) return false;
  const sum = docs.reduce((all, doc) => all + Number(doc.value ?? 0), 0);
  return Math.abs(sum - Number(total.value)) <= Math.abs(Number(total.value)) * 0.01;
}

/** Rows of documents: the share is of the value where values add up, else of the observations. */
export function rowsOf(docs, total, kpi) {
  const sums = addsUp(kpi, docs, total);
  const steps = docs.some((doc) => "step" in doc.segment || "cohort" in doc.segment); // each is of the one before: no parts of a whole
  const size = (doc) => Number((sums || steps ? doc.value : doc.n) ?? 0);
  const all = sums && total ? Number(total.value) : docs.reduce((sum, doc) => sum + Math.max(size(doc), 0), 0);
  const rows = docs.filter((doc) => doc.value !== null || doc.n).map((doc) => {
    const share = all > 0 && !steps ? size(doc) / all : null;
    return { key: keyOf(doc), name: nameOf(doc), doc, value: doc.value, n: doc.n, size: size(doc), share, shareText: share === null ? "" : f.percent(share) };
  });
  return steps ? rows : rows.sort((a, b) => (a.key === "__other__") - (b.key === "__other__") || b.size - a.size);
}

/** Columns of a table of such rows. */
export function columnsOf(dimension, rows) {
  const columns = [
    { key: "name", label: dimensionName(dimension) },
    { key: "value", label: t("value"), num: true, show: (row) => f.text(row.value, row.doc) },
    { key: "n", label: t("n"), num: true, show: (row) => f.whole(row.n ?? 0) },
    { key: "share", label: t("share"), num: true, show: (row) => row.shareText || "–" },
  ];
  if (rows.some((row) => changeOf(row.doc))) columns.push({ key: "change", label: t("change"), show: (row) => { const found = changeOf(row.doc); return found ? `${found.arrow} ${found.amount}` : "–"; } });
  return columns;
}

/** Bars. On a board they lead to explore, in explore they set the filter; the chosen one takes it away. */
export function bars(rows, { kpi, dimension, filter = false }) {
  const most = Math.max(...rows.map((row) => row.size), 1e-9);
  const chosen = read().segment;
  return h("ul", { class: "bars" }, rows.map((row) => {
    const segment = `${dimension}:${row.key}`;
    const on = filter && chosen === segment;
    const target = filter ? href({ segment: on ? null : segment, offset: null }) : href({ ...leave, kpi, segment });
    const found = changeOf(row.doc);
    return h("li", {}, h("a", { class: `bar ${row.doc.status === "low_n" ? "faint" : ""}`, href: target, "aria-current": on ? "true" : null, title: t("bar.title", { name: row.name, value: f.text(row.value, row.doc, { long: true }), n: f.whole(row.n ?? 0) }) },
      h("span", { class: "bar-fill", style: { width: `${(Math.max(row.size, 0) / most) * 100}%` } }), h("span", { class: "ellipsis" }, row.name),
      h("span", {}, f.text(row.value, row.doc), found && !found.same ? h("span", { class: `${found.tone}-text` }, ` ${found.arrow}`) : ""), row.shareText && h("span", { class: "share" }, row.shareText)));
  }));
}

/** A leaderboard as a card of explore: the first few, more on demand. */
export function leaderboard(kpi, dimension, docs, total) {
  const rows = rowsOf(docs, total, kpi);
  const body = h("div", { class: "panel-body board-lead" });
  const chosen = read().segment?.startsWith(`${dimension}:`);
  const fill = (all) => body.replaceChildren(bars(all ? rows : rows.slice(0, FEW), { kpi, dimension, filter: true }),
    ...(rows.length > FEW && !all ? [h("button", { type: "button", class: "more", onclick: () => { fill(true); body.querySelectorAll("a")[FEW]?.focus(); } }, t("show_all", { count: rows.length, n: rows.length }))] : []));
  fill(chosen && rows.findIndex((row) => `${dimension}:${row.key}` === read().segment) >= FEW);
  const name = dimensionName(dimension);
  return h("section", { class: "card panel", "aria-label": name, data: { dimension } }, h("div", { class: "panel-head" }, h("h2", {}, name), h("span", { class: "muted" }, t("values", { count: rows.length, n: rows.length }))), body);
}
