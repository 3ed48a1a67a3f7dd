// How to send events here: a snippet a way, with the collector's address and the company filled in, and whether one has come.
import * as api from "./api.js";
import { h, setText, swap } from "./dom.js";
import { t } from "./i18n.js";
import * as f from "./format.js";
import { why } from "./events.js";
import { announce } from "./live.js";
import { store } from "./store.js";
import { tail } from "./tail.js";
import { go, href, read } from "./url.js";

const WAYS = ["curl", "script", "python", "hubspot"];
const NAME = "[a-z0-9_\\-]{1,64}"; // of a company

/** What to paste: [what it is, text] pairs. `key`: a write key, or what stands for one. */
function snippets(way, { at, key, tenant }) {
  if (way === "script") return [[null, `<script async src="${at}/t.js" data-key="${key}"></script>`]];
  if (way === "python") return [[null, `from touchpoints import Touchpoints\n\nwith Touchpoints("${at}", "${key}", source="/shop") as touchpoints:\n    touchpoints.track("order.completed", {\n        "order_id": "1", "customer_id": "c-1", "amount": "27.50", "currency": "EUR",\n    })`]];
  if (way === "hubspot") return [[t("connect.target"), `${at}/v1/webhooks/hubspot/crm`], [t("connect.settings"), `[[collect.webhooks]]\nprovider = "hubspot"\nsource = "crm"\ntenant = "${tenant}"\nsecret_files = ["/run/secrets/hubspot"]`]];
  return [[null, `curl ${at}/events -u ${key}: -H 'content-type: application/json' -d '{\n  "type": "crm.deal.won",\n  "data": {"deal_id": "D-1", "customer_id": "c-1", "amount": "1290.50", "currency": "EUR"}}'`]];
}

/** A view: {el, update, destroy, summary}. */
export function connect() {
  const state = { place: null, problem: null, newest: null, drawn: null };
  const tabs = h("div", { class: "segmented ways", role: "tablist", "aria-label": t("connect") });
  const body = h("div", { class: "stack", role: "tabpanel", id: "way", tabindex: "0" });
  const note = h("p", { class: "muted" });
  const said = h("span", { class: "grow" });
  const arrived = h("div", { class: "notice arrived", data: { state: "waiting" } }, h("span", { class: "dot", "aria-hidden": "true" }), said, h("a", { class: "link", href: href({ view: "events" }) }, t("events")));
  const company = h("input", { class: "field", id: "company", value: store.tenant, pattern: NAME, required: true, spellcheck: "false", autocomplete: "off", onchange: ({ target }) => target.reportValidity() && go({ tenant: target.value }) });
  const el = h("div", { class: "board connect", data: { view: "connect" } },
    h("div", { class: "board-head" }, h("h1", {}, t("connect")), h("span", { class: "muted" }, t("connect.text"))),
    arrived, h("section", { class: "card welcome", "aria-label": t("connect") }, h("div", { class: "row" }, h("label", { for: "company" }, t("tenant")), company), tabs, body, note));

  const chosen = () => (WAYS.includes(read().tab) ? read().tab : WAYS[0]);
  const move = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go({ tab: WAYS.at((WAYS.indexOf(chosen()) + by) % WAYS.length) }, { replace: true });
    draw();
    tabs.querySelector("[aria-selected=true]").focus();
  };
  const tab = (way) => h("button", { type: "button", role: "tab", "aria-controls": "way", "aria-selected": String(way === chosen()), tabindex: way === chosen() ? "0" : "-1", onkeydown: move, onclick: () => go({ tab: way }, { replace: true }) }, t(`connect.${way}`));

  function draw() {
    const key = JSON.stringify([chosen(), state.place, state.problem]);
    if (state.drawn === key) return;
    state.drawn = key;
    const focused = tabs.contains(document.activeElement);
    swap(tabs, WAYS.map(tab));
    if (focused) tabs.querySelector("[aria-selected=true]").focus();
    if (!state.place) return void swap(body, h("p", { class: "panel-note" }, state.problem ?? t("loading")));
    const { collector, keys } = state.place;
    const given = { at: collector, key: keys ? "WRITE_KEY" : store.tenant, tenant: store.tenant };
    swap(body, snippets(chosen(), given).map(([what, text]) => h("div", { class: "stack snippet" }, what && h("h3", {}, what), h("div", { class: "line" }, h("pre", {}, text), copier(text)))));
    const how = { script: t("connect.script_note"), hubspot: t("connect.hubspot_note") }[chosen()];
    setText(note, [how, chosen() === "hubspot" ? "" : keys ? t("connect.key", { tenant: store.tenant }) : t("connect.local")].filter(Boolean).join(" "));
  }

  function came([one]) {
    if (!one) return;
    const force = !state.newest; // what was waited for
    state.newest = one;
    tell();
    announce(said.textContent, { force });
  }

  function tell() {
    const one = state.newest;
    if (!one) return void (arrived.dataset.state === "waiting" && setText(said, t("connect.waiting")));
    const ago = f.span(Math.max(0, (api.now() - Date.parse(one.received ?? "")) / 1000 || 0), true);
    const bad = one.verdict === "rejected";
    arrived.dataset.state = bad ? "rejected" : "arrived";
    const words = bad ? t("connect.rejected", { ago }) : t("connect.arrived", { type: one.type, ago });
    if (said.dataset.place !== one.place) { said.dataset.place = one.place; swap(said, h("span", {}), bad && [" ", why(one)]); }
    setText(said.firstChild, words);
  }

  const end = tail(store.tenant, {
    recent: ({ events }) => came(events), events: ({ events }) => came(events),
    status: ({ reason }) => { if (!state.newest) setText(said, reason ? t("events.away", { reason }) : t("connect.waiting")); },
  });
  const timer = setInterval(tell, 1000);
  api.connect().then((place) => { state.place = place; }, (error) => { state.problem = error.message; }).then(draw);
  tell();
  draw();
  return { el, update: draw, destroy: () => { clearInterval(timer); end(); }, summary: () => (state.newest ? "" : t("connect.waiting")) };
}

function copier(text) {
  const button = h("button", { type: "button", class: "button", onclick: async () => {
    try { await navigator.clipboard.writeText(text); setText(button, t("copied")); } catch { getSelection().selectAllChildren(button.previousSibling); } // over plain HTTP there is no clipboard
  } }, t("copy"));
  return button;
}
