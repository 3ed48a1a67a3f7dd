// The eight states of a tile, never confused: loading, empty, no_data, zero, low_n, stale, provisional, corrected (and ok).
import { t } from "./i18n.js";

const RUNNING = new Set(["today", "week", "month", "quarter", "year"]);
const ICONS = { ok: "ok", zero: "none", low_n: "few", no_data: "none", empty: "none", absent: "none", partial: "warn", corrected: "redo", stale: "clock", loading: "clock" };

/** Whether a tenant has never had an event: nothing published, or nothing but documents without a watermark. */
export function neverAny(store) {
  if (store.phase !== "ready") return false;
  return store.docs.size === 0 || [...store.docs.values()].every((doc) => doc.status === "no_data" && !doc.watermark);
}

/** What a tile shows: `main` decides how the value is drawn; stale, provisional and corrected go with any value. */
export function stateOf(doc, { phase, never, freshness }) {
  if (!doc) return { main: phase === "ready" ? (never ? "empty" : "absent") : phase === "failed" ? "absent" : "loading", stale: false, running: false, corrected: false, revised: false };
  const empty = doc.value === null || doc.value === undefined || doc.value === "";
  const zero = !empty && Number(doc.value) === 0;
  return {
    main: empty ? (never ? "empty" : "no_data") : doc.status === "low_n" ? "low_n" : doc.status === "partial" ? "partial" : zero ? "zero" : "ok",
    zero,
    stale: freshness.state === "stale" || freshness.state === "offline",
    running: (doc.state === "live" && RUNNING.has(doc.window)) || typeof doc.catching_up === "number",
    corrected: doc.state === "corrected", // complete, and revised since
    revised: doc.late_revised > 0, // late events are in it: usual while a window runs, so only a small mark
  };
}

/** The status in a word, with its icon: the most telling of what holds. */
export function statusOf(found, doc) {
  const kind = found.stale ? "stale" : ["ok", "zero"].includes(found.main) && found.corrected ? "corrected" : found.main;
  return { kind, icon: ICONS[kind], word: t(`status.${kind}`), hint: t(`status.${kind}.hint`, { count: doc?.late_revised ?? 0, n: doc?.n ?? 0 }) };
}
