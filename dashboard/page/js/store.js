// What is known of the tenant and window in view. Listeners hear of changes at most four times a second.
import * as api from "./api.js";
import { Shared } from "./shared.js";

const REPAINT_MS = 250;
const STALE_MS = 90_000;
const listeners = new Set();
let stream = null;
let due = null;
let painted = 0;

export const store = {
  tenants: [], catalog: new Map(), docs: new Map(), others: new Map(), sparks: {},
  tenant: null, window: null, shown: null, meta: {}, phase: "loading", link: "connecting", problem: null, paused: false,
};

/** Hears of changes; returns what ends it. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells the listeners soon: not more than four times a second, and once for many changes. */
export function changed() {
  if (due !== null) return;
  due = setTimeout(() => {
    due = null;
    painted = performance.now();
    for (const listener of [...listeners]) listener();
  }, Math.max(0, REPAINT_MS - (performance.now() - painted)));
}

/** Looks at a tenant and window. Numbers of the window before stay, marked busy, until the new ones come. */
export function look(tenant, window) {
  if (store.tenant === tenant && store.window === window) return;
  if (store.tenant !== tenant) {
    Object.assign(store, { docs: new Map(), others: new Map(), sparks: {}, meta: {}, shown: null });
  }
  Object.assign(store, { tenant, window, phase: "loading", problem: null });
  stream?.stop();
  stream = new Shared(tenant, window, {
    snapshot: (body) => take(body, true),
    documents: (body) => take(body, false),
    status: (body) => { Object.assign(store.meta, body, { heard: api.now() }); changed(); },
    state: (link, problem) => {
      if (store.link === link && !problem) return;
      store.link = link;
      store.problem = problem;
      if (problem && store.phase === "loading") store.phase = "failed";
      changed();
    },
  });
  store.link = "connecting";
  if (!store.paused) stream.start();
  changed();
}

function take(body, all) {
  if (all) store.docs = new Map();
  for (const doc of body.documents ?? []) {
    if (!doc.segment || Object.keys(doc.segment).length === 0) store.docs.set(doc.kpi, doc);
  }
  for (const kpi of body.gone ?? []) store.docs.delete(kpi);
  const { rev, as_of, checked, stale, catching_up, reason } = body;
  for (const [key, value] of Object.entries({ rev, as_of, checked, stale, catching_up, reason })) if (value !== undefined) store.meta[key] = value;
  Object.assign(store, { phase: "ready", shown: store.window, problem: null });
  store.meta.heard = api.now();
  changed();
}

/** Pauses or goes on. A paused page keeps its numbers, and catches up when it goes on. */
export function pause(on) {
  store.paused = on;
  if (on) stream?.stop(); else stream?.start();
  changed();
}

let hidden = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (document.hidden) hidden = setTimeout(() => stream?.stop(), 10_000); // hidden pages hold no connection
  else if (!store.paused) stream?.start();
});

const instant = (value) => (typeof value === "number" ? value : Date.parse(value ?? ""));

/** How current the numbers are: {state, at (ms), age (s)}. */
export function freshness() {
  const at = Math.max(...[store.meta.checked, store.meta.as_of].map(instant).filter(Number.isFinite), 0);
  const age = at ? Math.max(0, (api.now() - at) / 1000) : null;
  if (store.paused) return { state: "paused", at, age };
  if (!at && store.problem?.status === 404) return { state: "empty", at: null, age }; // a company of which nothing is published yet
  if (!at) return { state: store.phase === "failed" ? "offline" : "connecting", at: null, age };
  const stale = age * 1000 > STALE_MS || Boolean(store.meta.stale);
  if (stale) return { state: "stale", at, age };
  return { state: ["offline", "reconnecting"].includes(store.link) && age > 5 ? "offline" : store.link === "polling" ? "polling" : "live", at, age };
}

/** The tenant's time zone. */
export function zone() {
  const found = store.tenants.find((one) => one.tenant === store.tenant)?.tz ?? store.docs.values().next().value?.tz;
  return found || "UTC";
}
