// Events as they arrive: verdict, ids, and the KPIs they count in. What comes while somebody points at the table, is in it
// with the keyboard, or has paused the page, waits.
import * as api from "./api.js";
import { h, icon, setText } from "./dom.js";
import { kpiTitle, t } from "./i18n.js";
import * as f from "./format.js";
import { dialog } from "./info.js";
import { whole } from "./panels/letters.js";
import { store, zone } from "./store.js";
import { tail } from "./tail.js";
import { href, leave } from "./url.js";

const SHOWN = 100;
const SAID_MS = 10_000; // how long it is said that more came than is shown
const TONE = { accepted: "good", late: "warn", robot: "", rejected: "bad" };
const ICON = { accepted: "ok", late: "clock", robot: "none", rejected: "bad" };
const DAY_MS = 86_400_000;
/** The time of day; of what was received on an earlier day, that day. */
const when = (at) => (!Number.isFinite(at) ? "–" : api.now() - at < DAY_MS ? f.clock(at, zone(), true) : f.moment(at, zone()));

/** A view: {el, update, destroy, summary}. */
export function events() {
  const state = { pending: [], left: 0, leftAt: 0, reason: null, came: 0, rejected: 0, over: false, read: false };
  const body = h("tbody");
  const [words, hint] = [h("span"), h("span", { class: "hint" }, ` ${t("events.hold")}`)];
  const said = h("p", { class: "muted tail-state" }, words, hint);
  const none = h("p", { class: "panel-note" }, t("loading"));
  const heads = ["received", "type", "verdict", "counts_in", "ids", "from"].map((name) => h("th", { scope: "col", role: "columnheader" }, t(`events.${name}`)));
  const box = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("events") },
    h("table", { class: "table tail", role: "table" }, h("caption", { class: "sr" }, t("events")), h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)), body));
  body.setAttribute("role", "rowgroup");
  const el = h("div", { class: "board", data: { view: "events" } },
    h("div", { class: "board-head" }, h("h1", {}, t("events")), h("span", { class: "muted" }, t("events.text")), h("span", { class: "grow" }), h("a", { class: "button", href: href({ view: "connect" }) }, t("connect"))),
    said, h("section", { class: "card panel" }, box, none));

  const held = () => store.paused || state.over || box.contains(document.activeElement);
  const release = () => setTimeout(() => { if (!held()) flush(); tell(); });
  box.addEventListener("pointerenter", ({ pointerType }) => { state.over = pointerType === "mouse"; tell(); });
  box.addEventListener("pointerleave", () => { state.over = false; release(); });
  box.addEventListener("focusin", tell);
  box.addEventListener("focusout", release);

  function flush() {
    const fresh = state.pending.splice(0).map(row);
    body.prepend(...fresh.reverse());
    while (body.childElementCount > SHOWN) body.lastElementChild.remove();
    none.hidden = body.childElementCount > 0;
  }

  function tell() {
    const n = state.pending.length;
    if (performance.now() - state.leftAt > SAID_MS) state.left = 0;
    setText(words, state.reason ? t("events.away", { reason: state.reason })
      : held() ? t(store.paused ? "events.paused" : "events.held", { count: n, n: f.whole(n) })
        : state.left ? t("events.left_out", { count: state.left, n: f.whole(state.left) }) : state.read ? t("events.live") : t("loading"));
    hint.hidden = held() || Boolean(state.reason) || !state.read;
    said.dataset.held = String(held());
    said.classList.toggle("warn-text", Boolean(state.reason));
    setText(none, state.read ? t("events.none") : state.reason ? t("events.unread") : t("loading"));
  }

  /** Oldest first into what waits; of more than are shown the newest. */
  function take(found, left) {
    state.pending = [...state.pending, ...found.reverse()].slice(-SHOWN);
    if (left) Object.assign(state, { left: state.left + left, leftAt: performance.now() });
    if (!held()) flush();
    tell();
  }

  const end = tail(store.tenant, {
    recent: ({ events: found }) => { const known = new Set([...body.children, ...state.pending.map(({ place }) => ({ dataset: { place } }))].map((one) => one.dataset.place)); state.read = true; take(found.filter((one) => !known.has(one.place)), 0); },
    events: ({ events: found, left_out: left }) => { state.came += found.length + left; state.rejected += found.filter((one) => one.verdict === "rejected").length; take(found, left); },
    status: ({ reason }) => { state.reason = reason; tell(); },
  });
  const update = () => { if (!held() && state.pending.length) flush(); tell(); };
  /** Of the time since it was last said. */
  const summary = () => { const { came, rejected } = state; Object.assign(state, { came: 0, rejected: 0 }); return came ? t("events.summary", { count: came, n: f.whole(came), rejected: f.whole(rejected) }) : ""; };
  return { el, update, destroy: end, summary };
}

function row(one) {
  const at = Date.parse(one.received ?? "");
  const cell = (name, ...content) => h("td", { role: "cell", class: name }, content);
  const links = one.counts_in.map((kpi) => h("a", { href: href({ ...leave, kpi }) }, kpiTitle(kpi, store.catalog.get(kpi)?.title)));
  return h("tr", { role: "row", class: "fresh", data: { place: one.place } },
    cell("at", h("time", { datetime: one.received ?? "", title: Number.isFinite(at) ? f.moment(at, zone()) : "" }, when(at))),
    h("th", { role: "rowheader", scope: "row", class: "type" }, one.type ? h("code", {}, one.type.replace(/^crm\./, "")) : h("code", { class: "muted" }, one.topic)),
    cell("said", verdict(one)), cell("in", h("span", { class: "row" }, links)), cell("ids", Object.entries(one.ids).map(([name, value]) => h("span", { class: "pair" }, h("span", { class: "muted" }, `${name.replace(/_id$/, "")} `), value))),
    cell("from", one.source ? [h("span", {}, one.source), h("span", { class: "muted ellipsis", title: one.id }, one.id)] : null));
}

function verdict(one) {
  const chip = h("span", { class: `chip ${TONE[one.verdict]}`, title: one.verdict === "accepted" ? t("events.accepted_hint") : null }, icon(ICON[one.verdict]), t(`verdict.${one.verdict}`));
  return one.verdict === "rejected" ? h("span", { class: "row" }, chip, why(one)) : chip;
}

/** A button with the reason, which opens the letter. */
export function why(one) {
  return h("button", { type: "button", class: "link", title: t("letters.record"), onclick: () => { const { box, body } = dialog(t("letters.letter"), { klass: "drawer" }); whole(one.place, body, null, () => box.close()); } }, one.reason);
}

