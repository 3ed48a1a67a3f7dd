// Documents by segment, with the window they were taken from: not every window has them.
import * as api from "../api.js";
import { nearest, windowOf } from "../fallback.js";
import { segmentName, t, windowName } from "../i18n.js";
import { store } from "../store.js";

export const SEGMENT_WINDOWS = ["7d", "30d", "month", "quarter", "year", "last_month", "last_quarter", "last_year", "all"];

/** The window in which segments of a KPI are shown; steps of vectors exist in every window. */
export function segmentWindow(kpi, wanted = null) {
  const row = store.catalog.get(kpi);
  const window = windowOf(kpi, wanted);
  if (row?.vector) return window;
  const windows = SEGMENT_WINDOWS.filter((one) => !row?.windows || row.windows.includes(one));
  return nearest(windows.length ? windows : undefined, window);
}

/** {window, total, dimensions} of a KPI. */
export async function segments(kpi, signal, wanted = null) {
  const window = segmentWindow(kpi, wanted);
  const found = await api.of(store.tenant, kpi, "segments", { window }, { signal });
  return { window, total: found.total ?? null, dimensions: found.dimensions ?? {} };
}

/** What to say of a KPI without segments: after an import they come a little later than the total. */
export const noneOf = ({ total }) => t(total?.n > 0 ? "panel.soon" : "tile.no_data");

/** The value of a document's one segment. */
export const keyOf = (doc) => Object.values(doc.segment ?? {})[0];
/** The same in words. */
export const nameOf = (doc) => segmentName(keyOf(doc), Object.keys(doc.segment ?? {})[0]);
/** Says so when the numbers are of another window than the board's. */
export const windowFoot = (window) => (window !== store.window ? t("panel.window", { window: windowName(window) }) : null);
