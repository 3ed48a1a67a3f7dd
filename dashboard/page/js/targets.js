// Setting a target, and marking days on charts: dialogs that are only read when they are wanted.
import * as api from "./api.js";
import { h, icon, swap } from "./dom.js";
import { kpiTitle, t, windowName } from "./i18n.js";
import * as f from "./format.js";
import { dialog } from "./info.js";
import { slug } from "./own.js";
import { store, zone } from "./store.js";

const part = encodeURIComponent;
const PERCENT = "ratio"; // is typed in percent, as it is shown

/** The dialog of one KPI's target in a window, in total or of a segment. `doc`: what is shown of it. */
export function setTarget(kpi, doc, window, segment = {}) {
  const row = store.catalog.get(kpi) ?? {};
  const { box, body } = dialog(t("aim.title", { title: kpiTitle(kpi, row.title), window: windowName(window) }));
  const times = row.unit === PERCENT ? 100 : 1;
  const held = doc?.target && doc.window === window ? doc.target.value : null;
  const field = h("input", { class: "field", id: "aim", type: "text", inputmode: "decimal", value: held === null ? "" : String(Number((Number(held) * times).toPrecision(12))), "aria-describedby": "aim-problem", autocomplete: "off" });
  const problem = h("p", { class: "bad-text", role: "alert", id: "aim-problem" });
  const history = h("div");
  const path = `/${part(store.tenant)}/targets/${part(kpi)}/${part(window)}`;
  const tell = async (method, value) => {
    try {
      await api.get(path, { segment: api.segmentText(segment) }, { method, body: value === null ? undefined : { value } });
      swap(problem, h("span", { class: "row" }, icon("ok"), t("aim.told")));
      setTimeout(() => box.close(), 900);
    } catch (error) { swap(problem, error.message); }
  };
  const save = () => {
    const value = exact(field.value, times);
    if (value === null) return void swap(problem, t("aim.number"));
    return tell("PUT", value);
  };
  const unit = row.unit === PERCENT ? "%" : ["money", "money/day"].includes(row.unit) ? doc?.currency ?? "" : ["days", "hours", "seconds"].includes(row.unit) ? t(`aim.unit.${row.unit}`) : "";
  swap(body, h("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); save(); } },
    h("label", { for: "aim" }, t("aim.value")), h("div", { class: "row" }, field, h("span", { class: "muted" }, unit)), problem,
    h("div", { class: "row" }, h("button", { type: "submit", class: "button primary" }, t("save")), held !== null && h("button", { type: "button", class: "button", onclick: () => tell("DELETE", null) }, t("aim.remove")))), history);
  field.focus();
  past(history, kpi, window, segment, row, doc);
}

/** A typed number as plain decimal text, or null. A comma is a point where there is no other. */
export function exact(text, times = 1) {
  const plain = text.trim().replaceAll(/[\s\u00a0\u202f']/g, "").replace("−", "-").replace(/^(-?\d+),(\d+)$/, "$1.$2");
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return null;
  if (times === 1) return plain;
  const [, sign, whole, rest = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plain); // a percentage, moved by two places
  const digits = whole.padStart(3, "0") + rest;
  return sign + digits.slice(0, whole.padStart(3, "0").length - 2) + "." + digits.slice(whole.padStart(3, "0").length - 2);
}

async function past(box, kpi, window, segment, row, doc) {
  try {
    const wanted = JSON.stringify(segment);
    const { targets } = await api.get(`/${part(store.tenant)}/targets`);
    const found = targets.find((one) => one.kpi === kpi && one.window === window && JSON.stringify(one.segment) === wanted);
    if (!found?.history.length) return;
    const shown = { ...row, ...doc, kpi };
    swap(box, h("h3", {}, t("aim.history")), h("ul", { class: "aim-past" }, found.history.map((one) => h("li", {}, `${f.moment(Date.parse(one.time), zone())}: ${one.value === null ? t("aim.removed") : f.text(one.value, shown, { long: true })}`))));
  } catch { /* the worker is away: the target can be set all the same */ }
}

const KINDS = ["campaign", "price", "release", "other"];

/** Annotations of a tenant that concern a KPI, oldest first; none when the server has none to give. */
export async function annotations(kpi) {
  try {
    const found = await api.get(`/${part(store.tenant)}/annotations`);
    return found.filter((one) => !one.kpis?.length || one.kpis.includes(kpi));
  } catch {
    return [];
  }
}

/** The dialog of annotations of a KPI's chart. `saved()` runs after a change. */
export function annotate(kpi, saved) {
  const { body } = dialog(t("note.title"));
  const list = h("ul", { class: "aim-past" });
  const problem = h("p", { class: "bad-text", role: "alert" });
  const day = h("input", { class: "field", type: "date", required: true, "aria-label": t("step.day"), value: new Intl.DateTimeFormat("en-CA", { timeZone: zone() }).format(api.now()) });
  const text = h("input", { class: "field", required: true, maxlength: 200, placeholder: t("note.text"), "aria-label": t("note.text") });
  const kind = h("select", { class: "select", "aria-label": t("note.kind") }, KINDS.map((one) => h("option", { value: one }, t(`note.${one}`))));
  const all = h("input", { type: "checkbox" });
  const ask = async (path, options) => {
    try { await api.get(`/${part(store.tenant)}/annotations/${part(path)}`, {}, options); await draw(); saved(); } catch (error) { swap(problem, error.message); }
  };
  async function draw() {
    const found = await annotations(kpi);
    swap(list, found.map((one) => h("li", {}, h("span", { class: "grow" }, `${f.dayShort(Date.parse(one.day), "UTC")} · ${t(`note.${one.kind}`)}: ${one.text}`), h("button", { type: "button", class: "button", onclick: () => ask(one.name, { method: "DELETE" }) }, t("aim.remove")))));
  }
  const add = async (event) => {
    event.preventDefault();
    const name = `${slug(text.value).slice(0, 40)}-${day.value}`;
    await ask(name, { method: "PUT", body: { day: day.value, text: text.value.trim(), kind: kind.value, kpis: all.checked ? [] : [kpi] } });
    text.value = "";
  };
  swap(body, list, h("form", { class: "stack", onsubmit: add }, h("div", { class: "row" }, day, kind), text, h("label", { class: "row" }, all, t("note.all")), problem, h("div", {}, h("button", { type: "submit", class: "button primary" }, t("save")))));
  draw();
  text.focus();
}
