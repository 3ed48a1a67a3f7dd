// What stands behind a number: formula, numerator and denominator, inputs, definition, source.
import * as api from "./api.js";
import { h, iconButton, swap } from "./dom.js";
import { kpiTitle, t, windowName } from "./i18n.js";
import * as f from "./format.js";
import { aimOf } from "./aim.js";
import { store, zone } from "./store.js";

/** Opens a modal dialog with a title; closing gives the focus back. Returns its body. */
export function dialog(title, { klass = "", onclose } = {}) {
  const body = h("div", { class: "dialog-body" });
  const box = h("dialog", { class: klass, "aria-label": title },
    h("div", { class: "dialog-head" }, h("h2", { class: "grow" }, title), iconButton("bad", t("close"), () => box.close())), body);
  box.addEventListener("close", () => { box.remove(); onclose?.(); });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  box.showModal();
  return { box, body };
}

/** The dialog behind ⓘ of one KPI. */
export async function showInfo(kpi, doc, segment = {}, as_of = undefined) {
  const row = store.catalog.get(kpi) ?? {};
  const { body } = dialog(kpiTitle(kpi, doc?.title ?? row.title));
  swap(body, facts(row, doc));
  if (!doc) return;
  try {
    const more = await api.of(store.tenant, kpi, "explain", { window: doc.window, segment: api.segmentText(segment), as_of });
    swap(body, facts(row, doc, more));
  } catch { /* what is known without the worker is there already */ }
}

function facts(row, doc, more = {}) {
  const formula = more.formula ?? row.formula;
  const lines = [];
  const line = (key, value) => value !== undefined && value !== null && value !== "" && value !== false && lines.push(h("dt", {}, t(key)), h("dd", {}, String(value)));
  if (doc) {
    line("info.window", `${windowName(doc.window)}${period(doc)}`);
    line("info.n", doc.n === null || doc.n === undefined ? "" : f.whole(doc.n));
    line("info.as_of", doc.as_of && f.moment(Date.parse(doc.as_of), zone()));
    line("info.previous", doc.previous !== undefined && doc.previous !== null && f.text(doc.previous, doc, { long: true }));
    line("info.previous_year", doc.previous_year !== undefined && doc.previous_year !== null && f.text(doc.previous_year, doc, { long: true }));
    line("info.target", doc.target && `${f.text(doc.target.value, doc, { long: true })}${aimed(doc)}`);
    line("info.projection", doc.target && doc.target.projection !== undefined && f.text(doc.target.projection, doc));
    line("info.late", doc.late_revised > 0 && f.whole(doc.late_revised));
    line("info.excluded", doc.excluded > 0 && f.whole(doc.excluded));
    line("info.unpriced", doc.unpriced > 0 && f.whole(doc.unpriced));
    line("info.margin", doc.margin && `± ${f.plain(doc.margin, 1)}`);
    line("info.definition", doc.definition);
  }
  for (const one of more.inputs ?? []) lines.push(h("dt", { lang: "en" }, one.title ?? one.measure), h("dd", {}, input(one.value)));
  line("info.source", more.source ?? row.source);
  line("info.id", row.kpi ?? doc?.kpi);
  return h("div", {}, row.summary && h("p", { lang: "en" }, row.summary), formula && h("h3", {}, t("info.english")), formula && h("p", { class: "formula", lang: "en" }, formula.replaceAll("`", "")), doc && sum(doc), h("dl", { class: "info-grid" }, lines));
}

/** What was reached of a target, and its state. */
function aimed(doc) {
  const found = aimOf(doc);
  const share = doc.target.attainment;
  return found ? ` · ${share === null ? "" : `${f.percent(share, 0)} · `}${found.word}` : "";
}

const input = (value) => (typeof value === "number" ? f.plain(value) : value === null ? "–" : String(value));

function sum(doc) {
  if (doc.denominator === null || doc.denominator === undefined || doc.denominator === "") return null;
  const side = (value) => (typeof value === "string" ? f.text(value, { unit: "money", currency: doc.currency }, { long: true }) : f.plain(value));
  return h("p", { class: "sum" }, side(doc.numerator), h("span", {}, "÷"), side(doc.denominator), h("span", {}, "="), f.text(doc.value, doc, { long: true }));
}

function period(doc) {
  if (!doc.start || !doc.end) return "";
  const last = Date.parse(doc.end) - 1;
  return ` (${f.dayShort(Date.parse(doc.start), doc.tz ?? zone())} – ${f.dayShort(last, doc.tz ?? zone())})`;
}
