// How current the page is, in words: "live, 0.8 s ago", "stale since 12:04". Told to screen readers at most each 30 s.
import { h, setText } from "./dom.js";
import { t } from "./i18n.js";
import * as f from "./format.js";
import { freshness, store, zone } from "./store.js";

const ANNOUNCE_MS = 30_000;

export function live() {
  const words = h("span");
  const el = h("span", { class: "live", data: { state: "connecting" } }, h("span", { class: "dot", "aria-hidden": "true" }), words);
  return { el, update: () => {
    const found = freshness();
    el.dataset.state = found.state;
    setText(words, text(found));
    el.title = store.meta.reason ? store.meta.reason : store.meta.rev ? t("live.rev", { rev: store.meta.rev }) : "";
  } };
}

function text({ state, at, age }) {
  if (state === "paused") return at ? t("live.paused", { time: f.clock(at, zone(), true) }) : t("live.paused_short");
  if (state === "stale") return t("live.stale", { time: f.clock(at, zone()) });
  if (state === "offline") return at ? t("live.offline", { time: f.clock(at, zone()) }) : t("live.unreachable");
  if (state === "empty") return t("status.empty");
  if (state === "connecting") return t("live.connecting");
  if (typeof store.meta.catching_up === "number") return t("live.catching_up", { share: f.percent(store.meta.catching_up, 0) });
  const ago = age < 10 ? f.span(Math.round(age * 10) / 10) : f.span(age);
  return t(state === "polling" ? "live.polling" : "live.live", { ago });
}

let told = { at: -Infinity, text: "" };
/** Says `sentence` politely, at most each 30 s and never twice the same. A function is asked when it is time. */
export function announce(sentence, { force = false } = {}) {
  if (!force && performance.now() - told.at < ANNOUNCE_MS) return;
  const text = typeof sentence === "function" ? sentence() : sentence;
  if (!force && told.text === text) return void (typeof sentence === "function" && (told.at = performance.now()));
  told = { at: performance.now(), text };
  setText(document.getElementById("announce"), text);
}

/** One line on the state of the page. */
export const summary = () => text({ ...freshness(), age: Math.round(freshness().age ?? 0) });
