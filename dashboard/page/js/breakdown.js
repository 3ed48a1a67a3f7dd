// The column of leaderboards beside the chart: one of each dimension.
import { h, swap } from "./dom.js";
import { t, windowName } from "./i18n.js";
import { leaderboard } from "./leaderboard.js";
import { segmentWindow, segments } from "./panels/segments.js";
import { read } from "./url.js";
import { store } from "./store.js";

const EVERY_MS = 10_000;

export function breakdown(kpi) {
  const row = store.catalog.get(kpi);
  const el = h("div", { class: "column", hidden: row && !row.dimensions?.length && (!row.vector || row.vector === "cohort") }, h("p", { class: "card panel-note" }, t("loading")));
  const state = { key: null, rev: null, at: 0, abort: null, drawn: null, found: null };

  async function reload() {
    state.abort?.abort();
    const abort = (state.abort = new AbortController());
    Object.assign(state, { at: performance.now(), rev: store.meta.rev });
    try {
      state.found = await segments(kpi, abort.signal);
      if (!abort.signal.aborted) draw();
    } catch (error) {
      if (error.name !== "AbortError" && !state.found) swap(el, h("p", { class: "card panel-note" }, error.message));
    }
  }

  function draw() {
    const text = JSON.stringify(state.found) + read().segment + document.documentElement.lang;
    if (!state.found || state.drawn === text) return;
    state.drawn = text;
    const cards = Object.entries(state.found.dimensions).filter(([name, docs]) => docs.length && name !== "cohort").map(([name, docs]) => leaderboard(kpi, name, docs, state.found.total));
    const focused = el.contains(document.activeElement) ? document.activeElement.getAttribute("title") : null;
    swap(el, state.found.window !== store.window && cards.length ? h("p", { class: "notice" }, t("panel.window", { window: windowName(state.found.window) })) : null, cards);
    el.hidden = !cards.length; // the chart then has the whole width
    if (focused) [...el.querySelectorAll("a")].find((one) => one.title === focused)?.focus();
  }

  function update(changedState = false) {
    const key = `${store.tenant} ${segmentWindow(kpi)}`;
    if (key !== state.key) { state.key = key; return void reload(); }
    if (changedState) draw();
    if (state.rev !== store.meta.rev && performance.now() - state.at > EVERY_MS && !store.paused) reload();
  }
  return { el, update, destroy: () => state.abort?.abort() };
}
