// Explore of one KPI: the number, its chart, who makes it up, who is behind it, and two dimensions crossed.
import * as api from "./api.js";
import { h, icon, iconButton, setText, swap } from "./dom.js";
import { dimensionName, kpiTitle, segmentName, t, windowName } from "./i18n.js";
import * as f from "./format.js";
import { go, href, leave, read, segmentOf } from "./url.js";
import { aimOf } from "./aim.js";
import { changeOf, sentence } from "./change.js";
import { stateOf, statusOf } from "./states.js";
import { documentOf, windowOf } from "./fallback.js";
import { freshness, store, zone } from "./store.js";
import { showInfo } from "./info.js";
import { trend } from "./trend.js";
import { members } from "./members.js";
import { pivot } from "./pivot.js";
import { breakdown } from "./breakdown.js";
import { cohorts } from "./panels/cohorts.js";
import { funnel } from "./panels/funnel.js";
import { rfm } from "./panels/rfm.js";

const SPECIAL = { cohort: cohorts, step: funnel, rfm }; // of KPIs that are lists, by what they are lists of
const WITHOUT_TOTAL = new Set(["cohort", "rfm", "tier"]);

/** A view: {el, update, destroy}. */
export function explore(kpi) {
  const row = store.catalog.get(kpi) ?? {};
  const state = { asked: null, key: null, rev: null };
  const refs = { crumbs: h("nav", { class: "crumbs", "aria-label": t("crumbs") }), title: h("h1"), value: h("div", { class: "value" }), change: h("div", { class: "change" }), facts: h("div", { class: "facts" }) };
  refs.headline = h("div", { class: "headline" }, refs.value, refs.change, refs.facts);
  const info = iconButton("info", t("info.open", { title: kpiTitle(kpi, row.title) }), () => showInfo(kpi, doc(), segmentOf(read()), read().as_of));
  const whole = !WITHOUT_TOTAL.has(row.vector);
  const doc = () => (special() ? state.asked : whole ? documentOf(kpi) : null);
  const special = () => read().segment || read().as_of; // a number that is not on the stream
  const dimensions = (row.dimensions ?? []).filter((one) => one !== row.vector);
  const crossed = dimensions.length > 1 && pivot(kpi, dimensions);
  const parts = [SPECIAL[row.vector]?.(kpi), whole && trend(kpi, doc), members(kpi, doc, whole), crossed].filter(Boolean);
  const side = breakdown(kpi);
  const el = h("div", { class: "explore", data: { explore: kpi } },
    h("div", { class: "explore-head" }, refs.crumbs, h("div", { class: "explore-title" }, refs.title, info), row.summary && h("p", { class: "muted", lang: "en" }, row.summary), refs.headline),
    h("div", { class: "explore-grid" }, h("div", { class: "column" }, parts.map((one) => one.el)), h("div", { class: "column" }, side.el)));

  async function ask() {
    const { segment, as_of } = read();
    const key = `${store.tenant} ${store.window} ${segment} ${as_of}`;
    if (!special() || (key === state.key && state.rev === store.meta.rev)) return;
    if (key !== state.key) state.asked = null;
    Object.assign(state, { key, rev: store.meta.rev });
    try {
      const found = await api.kpi(store.tenant, kpi, { window: windowOf(kpi), segment: api.segmentText(segmentOf(read())), as_of });
      if (state.key === key) state.asked = found;
    } catch (error) {
      if (state.key === key) state.asked = { kpi, window: windowOf(kpi), unit: row.unit, value: null, n: null, status: "no_data", problem: error.message };
    }
    head();
  }

  function head() {
    const now = doc();
    setText(refs.title, kpiTitle(kpi, now?.title ?? row.title));
    crumbs(refs.crumbs, read().as_of ? periodOf(now) : null);
    refs.headline.hidden = !whole && !read().segment;
    const found = stateOf(now, { phase: store.phase, never: false, freshness: freshness() });
    const key = JSON.stringify([now?.value, now?.target, now?.trend, now?.previous, now?.n, now?.as_of, found, now?.window, now?.problem]);
    if (refs.value.drawn === key) return;
    refs.value.drawn = key;
    swap(refs.value, now && now.value !== null && now.value !== undefined ? h("span", { title: f.text(now.value, now, { long: true }) }, f.pieces(now.value, now).map(([text, unit]) => (unit ? h("small", {}, text) : text))) : h("span", { class: "muted" }, now ? now.problem ?? t("tile.no_data") : "–"));
    const change = changeOf(now);
    refs.change.dataset.tone = change?.tone ?? "plain";
    swap(refs.change, change ? [h("b", {}, `${change.arrow} ${change.amount || change.word}`), h("span", {}, change.same ? "" : t("change.was", { word: change.word, was: change.was })), h("span", { class: "sr" }, sentence(now))] : "");
    const status = statusOf(found, now);
    const aim = aimOf(now);
    swap(refs.facts, h("span", { class: "status row", title: status.hint, data: { kind: status.kind } }, icon(status.icon), status.word), aim && h("span", { class: "aim row", data: { kind: aim.icon } }, icon(aim.icon), t("aim.of", { word: aim.word, target: f.text(now.target.value, now) })), found.revised && !found.corrected && h("span", { class: "row" }, h("span", { class: "revised" }, icon("redo")), t("status.corrected.hint", { count: now.late_revised })), found.running && h("span", {}, t("tile.running")), now?.n !== null && now?.n !== undefined && h("span", {}, t("tile.n", { n: f.whole(now.n) })), now && h("span", {}, periodOf(now) ?? windowName(now.window)), now?.as_of && h("span", {}, t("tile.as_of", { time: f.moment(Date.parse(now.as_of), zone()) })));
  }

  function update(changedState = false) {
    ask();
    head();
    const now = !read().as_of; // segments and crossings are published of the present only
    side.el.parentElement.hidden = !now;
    if (now) side.update(changedState);
    for (const one of parts) {
      if (one === crossed) one.el.hidden = !now;
      if (one === crossed && !now) continue;
      one.update();
      if (changedState) one.reload();
    }
  }
  return { el, update, destroy: () => { side.destroy?.(); parts.forEach((one) => one.destroy?.()); } };
}

/** The days of a number of the past, which its window's name does not tell. */
function periodOf(doc) {
  if (!read().as_of || !doc?.start) return null;
  return f.days(Date.parse(doc.start), Date.parse(doc.end) - 1, doc.tz ?? zone());
}

function crumbs(box, period) {
  const state = read();
  const key = `${period} ${state.segment ?? ""} ${state.board} ${state.own ?? ""} ${state.window} ${document.documentElement.lang}`;
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  const [[dimension, value] = []] = Object.entries(segmentOf(state));
  swap(box, h("a", { class: "row", href: href(leave) }, icon("back"), state.own ?? t(`board.${state.board}`)),
    dimension && h("span", { class: "chip accent" }, `${dimensionName(dimension)}: ${segmentName(value, dimension)}`, h("button", { type: "button", "aria-label": t("filter.remove"), onclick: () => go({ segment: null, offset: null }) }, icon("bad"))),
    period && h("span", { class: "chip accent" }, period, h("button", { type: "button", "aria-label": t("filter.now"), onclick: () => go({ as_of: null, offset: null }) }, icon("bad"))));
}
