// Draws a board: sections of tiles and panels. Built once for a tenant; a change of window only updates it.
import { h, setText, swap } from "./dom.js";
import { t, windowName } from "./i18n.js";
import * as f from "./format.js";
import * as api from "./api.js";
import { BOARDS } from "./boards.js";
import { changed, store, zone } from "./store.js";
import { sparkStep, tile } from "./tile.js";
import { neverAny } from "./states.js";
import { attribution } from "./panels/attribution.js";
import { channels, owners, tiers } from "./panels/channels.js";
import { cohorts } from "./panels/cohorts.js";
import { funnel } from "./panels/funnel.js";
import { mrr } from "./panels/mrr.js";
import { nps } from "./panels/nps.js";
import { ranking } from "./panels/ranking.js";
import { rfm } from "./panels/rfm.js";
import { risk } from "./panels/risk.js";
import { stages } from "./panels/stages.js";
import { href, leave } from "./url.js";
import { welcome } from "./welcome.js";

const PANELS = {
  attribution, channels, cohorts, funnel, mrr, nps, owners, rfm, risk, stages, tiers,
  winsBySource: () => ranking("closed_won_value", "source", { title: t("panel.wins_by_source") }),
  winsByPipeline: () => ranking("closed_won_value", "pipeline", { title: t("panel.wins_by_pipeline") }),
  revenueBySource: () => ranking("net_revenue", "source", { title: t("panel.revenue_by_source") }),
  revenueByCountry: () => ranking("net_revenue", "country", { title: t("panel.revenue_by_country") }),
};
const SPARK_MS = 20_000;
const AT_ONCE = 60; // KPIs of one request: addresses have a limit

/** A view: {el, update, destroy}. `own`: {title, tiles} of an own board instead of a ready one; `more`: panels that are read when they are wanted. */
export function board(name, own = null, more = {}) {
  const made = { ...PANELS, ...more };
  const sections = own ? [{ own: own.tiles ?? [] }] : BOARDS[name];
  const parts = [];
  const keep = (one) => { parts.push(one); return one.el; };
  const title = h("h1", {}, own ? own.title : t(`board.${name}`));
  const period = h("span", { class: "muted" });
  const hint = h("div");
  const el = h("div", { class: "board", data: { board: own ? "own" : name } }, h("div", { class: "board-head" }, title, period, name === "ops" && !own && [h("span", { class: "grow" }), h("a", { class: "button", href: href({ ...leave, view: "events" }) }, t("events")), h("a", { class: "button", href: href({ ...leave, view: "connect" }) }, t("connect"))]), hint, sections.map((one) => section(one, keep, made)));
  const ids = parts.filter((one) => one.kpi).map((one) => one.kpi);
  const sparks = { at: -Infinity, tenant: null };
  function update() {
    setText(period, periodText());
    swapOnce(hint, neverAny(store) && !own ? "welcome" : "", () => welcome());
    for (const one of parts) one.update();
    if (store.phase === "ready" && (performance.now() - sparks.at > SPARK_MS || sparks.tenant !== store.tenant)) loadSparks(ids, sparks);
  }
  return { el, update, destroy: () => parts.forEach((one) => one.destroy?.()) };
}

function section({ title, tiles, panels, small, own }, keep, made) {
  const name = title ? h("h2", {}, t(title)) : null;
  const body = own ? h("div", { class: "tiles" }, own.map((one) => keep(tile(one.kpi, one))))
    : tiles ? h("div", { class: `tiles ${small ? "small" : ""}` }, tiles.map((kpi) => keep(tile(kpi, { size: small ? "s" : "m" }))))
      : h("div", { class: "panels" }, panels.map((one) => (Array.isArray(one) ? h("div", { class: "pile third" }, one.map((each) => keep(made[each]()))) : keep(made[one]()))));
  return h("div", { class: "section" }, name ?? (panels ? null : h("h2", { class: "sr" }, t("section.headline"))), body);
}

function swapOnce(box, key, make) {
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  swap(box, key ? make() : "");
}

/** The window in words, with its days. */
export function periodText() {
  const doc = [...store.docs.values()].find((one) => one.window === store.window && one.start);
  if (!doc) return windowName(store.window);
  const last = Date.parse(doc.end) - 1;
  const short = ["15m", "1h", "24h", "today", "yesterday"].includes(store.window);
  const span = short ? f.moment(Date.parse(doc.start), zone()) : f.dayShort(Date.parse(doc.start), zone());
  return t("period", { window: windowName(store.window), from: span, to: short ? f.clock(last + 1, zone()) : f.dayShort(last, zone()), zone: zone().replaceAll("_", " ") });
}

async function loadSparks(ids, sparks) {
  Object.assign(sparks, { at: performance.now(), tenant: store.tenant });
  const { tenant } = store;
  try {
    for (const step of ["day", "week"]) {
      const those = ids.filter((kpi) => sparkStep(kpi) === step);
      for (let at = 0; at < those.length; at += AT_ONCE) {
        const found = await api.sparklines(tenant, those.slice(at, at + AT_ONCE), step);
        if (tenant !== store.tenant) return;
        Object.assign(store.sparks, found.values);
        changed();
      }
    }
  } catch { /* tiles without a sparkline; asked for again in a minute */ }
}
