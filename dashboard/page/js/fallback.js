// A KPI that lacks the window in view is shown in the nearest one it has, and says so.
import * as api from "./api.js";
import { changed, store } from "./store.js";

const ORDER = ["15m", "1h", "24h", "today", "yesterday", "7d", "week", "last_week", "30d", "month", "last_month", "90d", "quarter", "last_quarter", "365d", "year", "last_year", "all"];
const REFRESH_MS = 15_000;

/** The nearest window a KPI has, longer ones first. */
export function nearest(windows, wanted) {
  if (!windows?.length || windows.includes(wanted)) return wanted;
  const at = ORDER.indexOf(wanted);
  return ORDER.slice(at).find((one) => windows.includes(one)) ?? ORDER.slice(0, at).reverse().find((one) => windows.includes(one)) ?? wanted;
}

/** The window a tile shows. */
export const windowOf = (kpi, wanted = null) => nearest(store.catalog.get(kpi)?.windows, wanted ?? store.window);

/** The document of a KPI in the window in view or the nearest; another window's is fetched, and again while it is shown. */
export function documentOf(kpi, wanted = null) {
  const name = windowOf(kpi, wanted);
  if (name === store.window) return store.docs.get(kpi);
  const key = `${kpi} ${name}`;
  const kept = store.others.get(key);
  if (!kept || (!kept.busy && performance.now() - kept.at > REFRESH_MS && !store.paused)) fetchOne(key, kpi, name, kept?.doc);
  return kept?.doc;
}

async function fetchOne(key, kpi, window, doc) {
  const kept = { doc, busy: true, at: performance.now() };
  const others = store.others; // of this tenant
  others.set(key, kept);
  try {
    kept.doc = await api.kpi(store.tenant, kpi, { window });
  } catch { /* the tile says that the number is not there; it is asked for again in a while */ }
  kept.busy = false;
  if (others === store.others) changed();
}
