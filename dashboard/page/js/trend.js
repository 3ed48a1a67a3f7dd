// The chart card of explore: step, bars or line, comparison, zero line, table twin, CSV and PNG.
import { h, icon, setText, swap } from "./dom.js";
import { kpiTitle, t } from "./i18n.js";
import * as f from "./format.js";
import { chart } from "./chart.js";
import { STEPS, load, stepOf, unsure } from "./series.js";
import { csvButton, download, table } from "./table.js";
import { go, read, segmentOf } from "./url.js";
import { windowOf } from "./fallback.js";
import { lineOf } from "./aim.js";
import { annotate, annotations, setTarget } from "./targets.js";
import { store, zone } from "./store.js";

const EVERY_MS = 5_000;

export function trend(kpi, docNow) {
  const row = () => store.catalog.get(kpi) ?? {};
  const state = { drawn: null, data: null, plot: null, key: null, rev: null, at: 0, abort: null, asTable: false };
  const box = h("div", { class: "chart-box", tabindex: "0", role: "img" });
  const twin = h("div", { class: "panel-body flush", hidden: true });
  const note = h("p", { class: "panel-note", hidden: true });
  const marks = h("ul", { class: "marks", hidden: true, "aria-label": t("note.title") });
  const takeaway = h("p", { class: "takeaway" });
  const bar = h("div", { class: "chart-bar" });
  const el = h("section", { class: "card panel", "aria-label": t("panel.trend"), data: { panel: "trend" } }, bar, takeaway, box, marks, twin, note, legend());

  const settings = () => {
    const url = read();
    const steps = row().steps?.length ? STEPS.filter((one) => row().steps.includes(one)) : ["day", "week", "month"];
    const doc = { ...row(), ...docNow(), kpi, currency: docNow()?.currency ?? store.tenants.find((one) => one.tenant === store.tenant)?.currency };
    const step = steps.includes(url.step) ? url.step : stepOf(windowOf(kpi), steps);
    return { steps, step, doc, bars: (url.style ?? (row().additive || ["count"].includes(row().unit) ? "bars" : "line")) === "bars", compare: url.compare !== "0", zero: url.zero === "1", segment: segmentOf(url), window: windowOf(kpi), zone: zone() };
  };

  function controls(now) {
    const key = JSON.stringify([now.steps, now.step, now.bars, now.compare, now.zero, state.asTable, document.documentElement.lang]);
    if (bar.dataset.key === key) return;
    bar.dataset.key = key;
    const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.control : null;
    const press = (id, label, on, act) => h("button", { type: "button", class: "button", "aria-pressed": String(on), data: { control: id }, onclick: act }, label);
    const set = (changes) => go(changes, { replace: true });
    swap(bar, h("div", { class: "segmented", role: "group", "aria-label": t("chart.step") }, now.steps.map((one) => h("button", { type: "button", "aria-pressed": String(one === now.step), data: { control: one }, onclick: () => set({ step: one }) }, t(`step.${one}`)))),
      h("div", { class: "segmented", role: "group", "aria-label": t("chart.style") }, ["line", "bars"].map((one) => h("button", { type: "button", "aria-pressed": String((one === "bars") === now.bars), data: { control: one }, onclick: () => set({ style: one }) }, t(`chart.${one}`)))),
      press("compare", t("chart.compare"), now.compare, () => set({ compare: now.compare ? "0" : null })), !now.bars && press("zero", t("chart.zero"), now.zero, () => set({ zero: now.zero ? null : "1" })),
      h("button", { type: "button", class: "button", data: { control: "aim" }, onclick: () => setTarget(kpi, docNow(), now.window, now.segment) }, t("aim.set")), h("button", { type: "button", class: "button", data: { control: "note" }, onclick: () => annotate(kpi, marked) }, t("note.add")),
      h("div", { class: "push" }, press("table", t("table"), state.asTable, () => { state.asTable = !state.asTable; draw(); }), csvButton(`${kpi}_${now.step}`, rows), h("button", { type: "button", class: "button", onclick: async () => { if (state.plot) download(`${kpi}.png`, await state.plot.png(), "image/png"); } }, icon("down"), "PNG")));
    if (focused) bar.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  function rows() {
    const { data } = state;
    if (!data) return { columns: [], rows: [] };
    const now = { ...settings(), step: data.step };
    const columns = [{ key: "bucket", label: t(`step.${now.step}`), show: (one) => f.bucket(one.bucket, now.step, now.zone, { full: true }) }, { key: "value", label: kpiTitle(kpi, row().title), num: true, show: (one) => [f.text(one.value, now.doc, { long: true }), one.open && h("span", { class: "muted" }, ` ${t("tile.running")}`)] }];
    if (data.n.length) columns.push({ key: "n", label: t("n"), num: true, show: (one) => (one.n === null || one.n === undefined ? "–" : f.whole(one.n)) });
    if (data.status.some(unsure)) columns.push({ key: "status", label: t("status"), show: (one) => (unsure(one.status) ? t(`status.${one.status}`) : "–") });
    if (data.before) columns.push({ key: "before", label: t("chart.before"), num: true, show: (one) => f.text(one.before, now.doc, { long: true }) });
    return { columns, rows: data.buckets.map((bucket, at) => ({ bucket, value: data.raw[at], n: data.n[at], status: data.status[at], before: data.before?.[at], open: data.running && at === data.buckets.length - 1 })).reverse() };
  }

  /** Annotations are read with the chart, and again after a change of them. */
  async function marked() {
    state.notes = await annotations(kpi);
    draw();
  }

  /** What the chart shows beside the numbers: the line of the target, and marked days. */
  function beside(now) {
    const grows = ["count", "money"].includes(now.doc.unit) && Boolean(row().additive);
    const line = lineOf(now.doc, now.step, grows);
    const places = (state.notes ?? []).map((one) => ({ ...one, at: state.data.buckets.findLastIndex((bucket) => bucket.slice(0, 10) <= one.day) })).filter((one) => one.at >= 0 && !(one.at === 0 && one.day < state.data.buckets[0].slice(0, 10)));
    return { line, notes: places };
  }

  async function draw() {
    controls(settings());
    const { data } = state;
    if (!data) return;
    const now = { ...settings(), step: data.step }; // what is there, while another step is on its way
    const { line, notes } = beside(now);
    setText(takeaway, [summary(data, now), line && t(line.pace ? "aim.line.pace" : "aim.line", { target: now.doc.unit === "count" ? f.plain(line.value, 1) : f.text(line.value, now.doc) })].filter(Boolean).join(" "));
    swap(marks, notes.map((one) => h("li", {}, h("b", {}, f.dayShort(Date.parse(one.day), "UTC")), ` ${one.text}`)));
    marks.hidden = !notes.length;
    box.setAttribute("aria-label", `${kpiTitle(kpi, row().title)}. ${takeaway.textContent} ${t("chart.keys")}`);
    box.hidden = state.asTable;
    twin.hidden = !state.asTable;
    note.hidden = true;
    if (state.asTable) { const { columns, rows: lines } = rows(); swap(twin, table({ caption: kpiTitle(kpi, row().title), columns, rows: lines })); return; }
    const key = JSON.stringify([line, notes.map((one) => one.at), now.step, now.bars, now.zero, now.doc.unit, now.doc.currency, document.documentElement.lang, document.documentElement.dataset.theme ?? "", store.tenant]);
    if (state.drawn === key) return void state.plot?.update(data);
    const before = state.plot;
    Object.assign(state, { drawn: key, plot: null });
    try {
      const fresh = await chart(box, data, { ...now, line, notes }, () => before?.destroy());
      if (state.drawn !== key) return void fresh.destroy();
      fresh.update(state.data);
      state.plot = fresh;
    } catch (error) { swap(note, error.message); note.hidden = false; }
  }

  async function reload() {
    const now = settings();
    state.abort?.abort();
    const abort = (state.abort = new AbortController());
    Object.assign(state, { at: performance.now(), rev: store.meta.rev });
    controls(now);
    try {
      const data = await load(kpi, now, abort.signal);
      if (!abort.signal.aborted) { state.data = data; el.removeAttribute("aria-busy"); draw(); }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!state.data) { swap(note, error.message); note.hidden = false; box.hidden = true; }
    }
  }

  function update() {
    const now = settings();
    const key = JSON.stringify([store.tenant, now.window, now.step, now.segment, now.compare]);
    if (state.noted !== store.tenant) { state.noted = store.tenant; marked(); }
    if (key !== state.key) { state.key = key; return void reload(); }
    if (state.rev !== store.meta.rev && performance.now() - state.at > EVERY_MS && !store.paused) return void reload();
    draw();
  }
  return { el, update, reload: () => draw(), destroy: () => { state.abort?.abort(); state.drawn = null; state.plot?.destroy(); } };
}

function legend() {
  return h("div", { class: "panel-foot legend", "aria-hidden": "true" }, h("span", {}, h("i"), t("chart.this")), h("span", {}, h("i", { class: "hatch" }), t("tile.running")), h("span", {}, h("i", { class: "line", style: { background: "var(--compare)", width: "14px" } }), t("chart.before")), h("span", {}, h("i", { class: "line aim" }), t("aim.legend")));
}

function summary(data, now) {
  const known = data.values.map((one, at) => [one, at]).filter(([one]) => one !== null);
  if (known.length < 2) return t("chart.few");
  const [high, low] = [known.reduce((a, b) => (b[0] > a[0] ? b : a)), known.reduce((a, b) => (b[0] < a[0] ? b : a))];
  const name = (at) => f.bucket(data.buckets[at], now.step, now.zone);
  return t("chart.takeaway", { high: f.text(data.raw[high[1]], now.doc), when: name(high[1]), low: f.text(data.raw[low[1]], now.doc), then: name(low[1]) });
}
