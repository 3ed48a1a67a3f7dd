// The members behind a number, page by page; their count is that of the number. Each opens its subject's timeline.
import * as api from "./api.js";
import { h } from "./dom.js";
import { has, segmentName, subjectName, t } from "./i18n.js";
import * as f from "./format.js";
import { panel } from "./panel.js";
import { table } from "./table.js";
import { href, read, segmentOf } from "./url.js";
import { store, zone } from "./store.js";
import { windowOf } from "./fallback.js";

const PAGE = 15;

/** The panel of explore. `docNow` gives the document in view: its n is that of all members, unless it just changed. */
export function members(kpi, docNow, whole = true) {
  const load = async (signal) => {
    const state = read();
    if (!whole && !state.segment) return { note: t("members.choose") };
    return api.of(store.tenant, kpi, "members", { window: windowOf(kpi), segment: api.segmentText(segmentOf(state)), as_of: state.as_of, limit: PAGE, offset: state.offset ?? 0 }, { signal });
  };
  return panel({ title: t("panel.members"), name: `${kpi}_members`, size: "", load, draw: (data) => draw(data, kpi, docNow()), flush: true, twin: false, every: 15_000, beside: () => docNow()?.n ?? null });
}

const kindName = (kind) => (has(`kind.${kind}`) ? t(`kind.${kind}`) : String(kind ?? "").replaceAll("_", " "));

function draw(data, kpi, shown) {
  if (data.note) return data;
  const rows = data.members ?? [];
  const total = data.total ?? rows.length;
  if (!total) return { note: t("members.none") };
  const doc = store.catalog.get(kpi) ?? {};
  const shows = (key) => rows.some((row) => row[key] !== undefined && row[key] !== null && row[key] !== "");
  const open = (row) => h("a", { href: href({ subject: row.subject ?? row.id }) }, row.title || subjectName(row.id));
  const columns = [
    { key: "id", label: t("members.what"), show: open, raw: (row) => row.id },
    { key: "kind", label: t("members.kind"), show: (row) => kindName(row.kind) },
    { key: "subject", label: t("members.subject"), needed: rows.some((row) => row.subject && subjectName(row.subject) !== subjectName(row.id)), show: (row) => (row.subject ? subjectName(row.subject) : "–") },
    { key: "owner", label: t("dimension.owner") },
    { key: "state", label: t("status"), show: (row) => (has(`state.${row.state}`) ? t(`state.${row.state}`) : segmentName(row.state ?? "–")) },
    { key: "stage", label: t("dimension.stage"), show: (row) => segmentName(row.stage ?? "–") },
    { key: "time", label: t("members.time"), show: (row) => (row.time ? f.moment(Date.parse(row.time), zone()) : "–") },
    { key: "amount", label: t("members.amount"), num: true, show: (row) => (row.amount ? f.text(row.amount, { unit: "money", currency: row.currency ?? data.currency }, { long: true }) : "–") },
    { key: "numerator", label: t(doc.unit === "ratio" ? "members.counts" : "members.part"), num: true, show: (row) => (doc.unit === "ratio" && (row.numerator === 0 || row.numerator === 1) ? t(row.numerator ? "yes" : "no") : figure(row, data)) },
  ].filter((column) => column.key === "id" || column.key === "kind" || (shows(column.key) && column.needed !== false)).filter((column) => column.key !== "numerator" || rows.some((row) => row.numerator !== row.n && String(row.numerator) !== String(row.amount)));
  const caption = t("panel.members");
  const chart = h("div", {}, table({ caption, columns, rows }), pager(total, rows.length));
  const sum = doc.unit === "money" && typeof data.numerator === "string" ? ` ${t("members.together", { amount: f.text(data.numerator, { unit: "money", currency: data.currency }, { long: true }) })}` : "";
  const said = t("members.takeaway", { count: total, n: f.whole(total) }) + sum;
  return { takeaway: data.n !== null && data.n === shown?.n ? `${said} ${t("members.equals", { n: f.whole(data.n) })}` : said, chart, columns, rows };
}

function figure(row, data) {
  if (typeof row.numerator === "string") return f.text(row.numerator, { unit: "money", currency: row.currency ?? data.currency }, { long: true });
  return row.numerator === undefined || row.numerator === null ? "–" : f.plain(row.numerator);
}

function pager(total, shown) {
  const offset = Number(read().offset ?? 0);
  const link = (label, at, on) => (on ? h("a", { class: "button", href: href({ offset: at || null }) }, label) : h("span", { class: "button", "aria-disabled": "true", style: { opacity: ".5" } }, label));
  return h("nav", { class: "pager", "aria-label": t("members.pages") },
    h("span", { class: "grow" }, t("members.range", { first: f.whole(offset + 1), last: f.whole(offset + shown), total: f.whole(total) })),
    link(t("previous"), Math.max(offset - PAGE, 0), offset > 0), link(t("next"), offset + PAGE, offset + shown < total));
}
