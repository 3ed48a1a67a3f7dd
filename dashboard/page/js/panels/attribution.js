// Where customers and money come from: a row a source or campaign, the models of attribution side by side.
import { h } from "../dom.js";
import { dimensionName, segmentName, t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { keyOf, noneOf, segments, windowFoot } from "./segments.js";

const COLUMNS = { customer_source_share: "share", customer_acquisition_cost: "cac", marketing_roi: "linear", marketing_roi_first: "first", marketing_roi_last: "last", marketing_roi_position: "position", return_on_ad_spend: "roas" };
const PREFERRED = ["channel", "source", "campaign"];

export function attribution() {
  const tools = h("div", { class: "segmented", role: "group", "aria-label": t("attribution.by") });
  const chosen = { dimension: null };
  const made = panel({ title: t("panel.attribution"), name: "attribution", size: "two-thirds", tools, flush: true, twin: false, every: 15_000, load, draw: (data) => draw(data, chosen, tools, () => made.redraw()) });
  return made;
}

async function load(signal) {
  const ids = Object.keys(COLUMNS);
  const found = await Promise.allSettled(ids.map((kpi) => segments(kpi, signal)));
  if (found.every((one) => one.status === "rejected")) throw found[0].reason;
  return Object.fromEntries(ids.map((kpi, at) => [kpi, found[at].value ?? { dimensions: {} }]));
}

function draw(data, chosen, tools, redraw) {
  const all = new Set(Object.values(data).flatMap((one) => Object.keys(one.dimensions)));
  const dimensions = PREFERRED.filter((one) => all.has(one));
  if (!dimensions.length) return { note: noneOf(Object.values(data).find((one) => one.total?.n > 0) ?? {}) };
  if (!dimensions.includes(chosen.dimension)) [chosen.dimension] = dimensions;
  tools.replaceChildren(...dimensions.map((one) => h("button", { type: "button", "aria-pressed": String(one === chosen.dimension), onclick: () => { chosen.dimension = one; redraw(); } }, dimensionName(one))));
  const rows = merge(data, chosen.dimension);
  const best = rows.filter((row) => Number.isFinite(row.linear?.value) && row.linear.value !== null).sort((a, b) => b.linear.value - a.linear.value)[0];
  const value = (key) => ({ key, num: true, sort: (row) => row[key]?.value, raw: (row) => row[key]?.value ?? "", show: (row) => shown(row[key]) });
  return {
    takeaway: best ? t("attribution.takeaway", { name: best.name, roi: f.text(best.linear.value, best.linear) }) : "",
    rows, foot: windowFoot(Object.values(data).find((one) => one.window)?.window),
    columns: [
      { key: "name", label: dimensionName(chosen.dimension), show: (row) => h("a", { href: href({ ...leave, kpi: "marketing_roi", segment: `${chosen.dimension}:${row.key}` }) }, row.name) },
      { ...value("share"), label: t("attribution.share") }, { ...value("cac"), label: t("attribution.cac") },
      { ...value("linear"), label: t("attribution.linear") }, { ...value("first"), label: t("attribution.first") },
      { ...value("last"), label: t("attribution.last") }, { ...value("position"), label: t("attribution.position") }, { ...value("roas"), label: t("attribution.roas") },
    ].filter((one) => one.key === "name" || rows.some((row) => row[one.key])),
  };
}

function shown(doc) {
  if (!doc) return h("span", { class: "muted" }, "–");
  const text = f.text(doc.value, doc);
  return doc.status === "low_n" ? h("span", { class: "muted", title: t("status.low_n.hint", { n: doc.n }) }, text) : text;
}

function merge(data, dimension) {
  const rows = new Map();
  for (const [kpi, key] of Object.entries(COLUMNS)) {
    for (const doc of data[kpi].dimensions[dimension] ?? []) {
      const at = keyOf(doc);
      if (!rows.has(at)) rows.set(at, { key: at, name: segmentName(at) });
      rows.get(at)[key] = doc;
    }
  }
  return [...rows.values()].sort((a, b) => Number(b.share?.value ?? -1) - Number(a.share?.value ?? -1) || Number(b.linear?.n ?? 0) - Number(a.linear?.n ?? 0));
}
