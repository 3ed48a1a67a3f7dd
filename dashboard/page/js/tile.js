// One KPI as a tile. Built once; `update` changes only what differs, so that live numbers neither flicker nor shift.
import { h, icon, setText, swap } from "./dom.js";
import { kpiTitle, t, windowName } from "./i18n.js";
import * as f from "./format.js";
import { href, leave } from "./url.js";
import { neverAny, stateOf, statusOf } from "./states.js";
import { aimOf } from "./aim.js";
import { changeOf, sentence } from "./change.js";
import { draw } from "./spark.js";
import { showInfo } from "./info.js";
import { freshness, store, zone } from "./store.js";
import { documentOf } from "./fallback.js";

/** The step of a sparkline: days, or weeks of a KPI that has no days. */
export function sparkStep(kpi) {
  const steps = store.catalog.get(kpi)?.steps ?? ["day"];
  return steps.includes("day") || !steps.includes("week") ? "day" : "week";
}

/** A tile of `kpi`: {el, update}. `size`: s, m or l. `window`: other than the board's. */
export function tile(kpi, { size = "m", window = null } = {}) {
  const refs = {
    link: h("a", { class: "tile-link", href: "?" }), value: h("p", { class: "value" }), change: h("p", { class: "change" }),
    spark: h("div", { class: "spark" }), status: h("span", { class: "status" }), aim: h("span", { class: "aim" }), bar: h("div", { class: "aim-bar", hidden: true }), n: h("span"), at: h("time"),
    info: h("button", { type: "button", class: "info", onclick: () => showInfo(kpi, shownDoc()) }, icon("info")),
  };
  const el = h("article", { class: `card tile ${size}`, data: { kpi, state: "loading" } },
    h("div", { class: "tile-head" }, h("h3", {}, refs.link), refs.info), refs.value, refs.change, refs.spark,
    h("div", { class: "tile-foot" }, refs.status, refs.aim, refs.n, refs.at), refs.bar);
  const shownDoc = () => documentOf(kpi, window);
  return { el, kpi, update: () => update(kpi, el, refs, shownDoc(), window) };
}

function update(kpi, el, refs, doc, window) {
  const title = kpiTitle(kpi, doc?.title ?? store.catalog.get(kpi)?.title);
  const never = neverAny(store);
  const found = stateOf(doc, { phase: store.phase, never, freshness: freshness() });
  el.dataset.state = found.main;
  el.dataset.stale = found.stale;
  el.dataset.running = found.running;
  el.setAttribute("aria-busy", String(Boolean(doc) && store.shown !== store.window));
  setText(refs.link, title);
  refs.link.title = title;
  refs.link.setAttribute("href", href({ ...leave, kpi, window: window ?? undefined }));
  refs.info.setAttribute("aria-label", t("info.open", { title }));
  value(refs.value, doc, found);
  change(refs.change, doc);
  draw(refs.spark, store.sparks[kpi], { doc: doc ?? store.catalog.get(kpi) ?? {}, title, step: sparkStep(kpi) });
  aim(refs, doc);
  foot(refs, doc, found);
}

function value(box, doc, found) {
  const word = { empty: t("tile.empty"), no_data: t("tile.no_data"), absent: t("tile.absent"), loading: "" }[found.main];
  const key = JSON.stringify([word, doc?.value, doc?.unit, doc?.currency, found.running, found.zero, document.documentElement.lang]);
  if (box.drawn === key) return;
  box.drawn = key;
  if (word !== undefined) return swap(box, h("span", {}, word));
  const figure = h("span", { class: "figure", title: f.text(doc.value, doc, { long: true }) }, f.pieces(doc.value, doc).map(([text, unit]) => (unit ? h("small", {}, text) : text)));
  return swap(box, figure, found.running && h("span", { class: "running", role: "img", "aria-label": t("tile.running"), title: t("tile.running") }));
}

function change(box, doc) {
  const found = changeOf(doc);
  const counted = Boolean(doc) && doc.value !== null;
  const key = JSON.stringify([found, counted, document.documentElement.lang]);
  if (box.drawn === key) return;
  box.drawn = key;
  box.dataset.tone = found?.tone ?? "plain";
  if (!found) return swap(box, counted ? h("span", {}, t("change.none")) : "");
  return swap(box, h("b", {}, `${found.arrow} ${found.amount || found.word}`), h("span", { class: "was" }, found.same ? "" : t("change.was", { word: found.word, was: found.was })), h("span", { class: "sr" }, sentence(doc)));
}

/** The target: its state in words, and a bar with a tick where it should be by now. */
function aim(refs, doc) {
  const found = aimOf(doc);
  const key = JSON.stringify([found, found && doc.target.value, document.documentElement.lang]);
  if (refs.aim.drawn === key) return;
  refs.aim.drawn = key;
  refs.bar.hidden = !found;
  refs.aim.dataset.kind = found?.icon ?? "";
  const target = found && f.text(doc.target.value, doc);
  refs.aim.title = found ? t("aim.of", { word: found.word, target }) : "";
  swap(refs.aim, found && [icon(found.icon), h("span", { class: "was" }, found.word), h("span", { class: "sr" }, refs.aim.title)]);
  if (found) swap(refs.bar, h("i", { style: { width: `${found.share * 100}%` } }), found.due !== null && h("b", { style: { left: `${found.due * 100}%` } }));
}

function foot(refs, doc, found) {
  const { kind, icon: name, word, hint } = statusOf(found, doc);
  const own = doc && doc.window !== store.window && store.shown === store.window ? windowName(doc.window) : "";
  const revised = found.revised && kind !== "corrected";
  const late = revised ? t("status.corrected.hint", { count: doc.late_revised }) : "";
  const key = kind + word + own + late;
  if (refs.status.drawn !== key) {
    refs.status.drawn = key;
    refs.status.dataset.kind = kind;
    refs.status.title = hint;
    swap(refs.status, icon(name), own || word, revised && h("span", { class: "revised", title: late }, icon("redo"), h("span", { class: "sr" }, late)));
  }
  setText(refs.n, doc && doc.n !== null && doc.n !== undefined ? t("tile.n", { n: f.whole(doc.n) }) : "");
  const at = Date.parse(doc?.as_of ?? "");
  setText(refs.at, Number.isFinite(at) ? stamp(at) : "");
  if (Number.isFinite(at)) refs.at.setAttribute("datetime", doc.as_of);
  refs.at.title = Number.isFinite(at) ? t("tile.as_of", { time: f.moment(at, zone()) }) : "";
}

/** Time of day; the day when it was another one. */
function stamp(at) {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone() });
  return day.format(at) === day.format(Date.now()) ? f.clock(at, zone()) : f.dayShort(at, zone());
}
