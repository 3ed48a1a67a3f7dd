// `verify` on a button: a full recount beside the workers, its progress, and what the last one found.
import * as api from "../api.js";
import { h, icon, swap } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { announce } from "../live.js";
import { zone } from "../store.js";
import { polled } from "./polled.js";

export function verify() {
  const state = { running: false };
  const trouble = h("p", { class: "bad-text", role: "alert", hidden: true });
  const load = async (signal) => {
    const found = await api.verification({ signal });
    if (state.running && !found.running) announce(found.last ? outcome(found.last).words : "", { force: true });
    state.running = Boolean(found.running);
    return found;
  };
  const made = panel({ title: t("panel.verify"), name: "verify", size: "third stretch", load, twin: false, draw: (found) => ({ chart: draw(found, press, trouble) }), every: 10_000 });
  async function press(act) {
    trouble.hidden = true;
    try { await act(); } catch (error) { swap(trouble, error.message); trouble.hidden = false; }
    await made.reload();
  }
  return polled(made, 10_000, () => state.running);
}

function draw({ running, last }, press, trouble) {
  const button = running ? h("button", { type: "button", class: "button", data: { key: "verify" }, onclick: () => press(api.cancelVerify) }, t("cancel"))
    : h("button", { type: "button", class: "button primary", data: { key: "verify" }, onclick: () => press(api.verify) }, t("verify.now"));
  return h("div", { class: "stack" }, h("p", { class: "muted" }, t("verify.what")), running ? progress(running) : null, h("div", { class: "row" }, button), trouble, last ? result(last) : h("p", { class: "muted" }, t("verify.never")));
}

function progress({ records, total }) {
  const words = total ? t("verify.progress", { done: f.whole(records), total: f.whole(total) }) : t("verify.begins");
  return h("div", {}, h("progress", { class: "progress", "aria-label": t("panel.verify"), ...(total ? { value: records, max: total } : {}) }), h("p", { class: "muted" }, words));
}

/** How a run ended: {tone, icon, words}. */
function outcome({ verified, verdict, problem }) {
  if (problem) return { tone: "warn", icon: "warn", words: t("verify.failed") };
  if (verified) return { tone: "good", icon: "ok", words: verdict ? t("verify.ok", { kpis: f.whole(verdict.kpis), records: f.whole(verdict.records) }) : t("verify.ok_short") };
  return { tone: "bad", icon: "bad", words: verdict?.different ? t("verify.different", { count: verdict.different, n: f.whole(verdict.different) }) : t("verify.incomplete") };
}

function result(last) {
  const { tone, icon: name, words } = outcome(last);
  const lines = [last.problem, ...(last.verdict?.notes ?? []), ...(last.verdict?.differences ?? [])].filter(Boolean);
  const asides = last.verdict?.quarantined ? [t("verify.quarantined", { count: last.verdict.quarantined, n: f.whole(last.verdict.quarantined) })] : [];
  if (last.verdict?.horizon) asides.push(t("verify.horizon", { day: f.dayShort(Date.parse(last.verdict.horizon), "UTC") }));
  return h("div", { class: "outcome", data: { tone } }, h("p", { class: `row ${tone}-text` }, icon(name), words), asides.map((one) => h("p", { class: "muted" }, one)),
    lines.length ? h("ul", { class: "told", lang: "en" }, lines.map((one) => h("li", {}, one))) : null,
    h("p", { class: "muted" }, t("verify.when", { time: f.moment(Date.parse(last.ended), zone()), took: f.span((Date.parse(last.ended) - Date.parse(last.began)) / 1000) })));
}
