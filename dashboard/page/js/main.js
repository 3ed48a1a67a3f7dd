// Starts the page: language, tenants and catalogue, then whatever the URL says, live.
import * as api from "./api.js";
import { h, swap } from "./dom.js";
import { kpiTitle, load, preferred, t, windowName } from "./i18n.js";
import * as f from "./format.js";
import * as url from "./url.js";
import { changed, freshness, look, store, subscribe, zone } from "./store.js";
import { board } from "./board.js";
import { topbar } from "./topbar.js";
import { finder } from "./finder.js";
import { follow } from "./timeline.js";
import { gate } from "./gate.js";
import { announce, live, summary } from "./live.js";
import * as keys from "./keys.js";
import * as own from "./own.js";
import { aimOf } from "./aim.js";

const KEPT = "crmkpi.tenant";
const AGAIN_MS = 2_000;
const LIST_MS = 30_000;
const main = document.getElementById("main");
const VIEWS = { events: async () => (await import("./events.js")).events(), connect: async () => (await import("./connect.js")).connect() };
const page = { view: null, key: null, bar: null, own: [], ownOf: null, seen: null };

const act = { finder, help: keys.help, own: () => page.own, newBoard: () => own.edit(ownBoards), relanguage: async (code) => { await load(code, { keep: true }); rebuild(); } };

async function ownBoards() {
  page.ownOf = store.tenant;
  page.own = await own.list(store.tenant);
  show();
}

/** Draws what the URL says, and keeps what is there when it is the same. */
async function show(changedState = false) {
  const state = url.read();
  const tenant = state.tenant ?? store.tenant ?? (await firstTenant());
  if (!tenant) return void swap(main, gate(new api.Problem(404, t("problem.no_tenants"))));
  try { localStorage.setItem(KEPT, tenant); } catch { /* the first tenant next time */ }
  document.documentElement.classList.toggle("tv", state.tv === "1");
  look(tenant, state.window);
  if (page.ownOf !== tenant) ownBoards();
  const key = JSON.stringify([tenant, state.kpi ?? viewOf(state), state.kpi ? null : state.own ?? state.board, document.documentElement.lang, state.tv, store.catalog.size > 0]);
  if (key !== page.key) await enter(key, state);
  page.bar.update();
  page.view?.update(changedState);
  follow(state.subject);
  document.title = `${viewOf(state) ? t(viewOf(state)) : state.kpi ? kpiTitle(state.kpi, store.catalog.get(state.kpi)?.title) : state.own ?? t(`board.${state.board}`)} · ${windowName(state.window)} · ${tenant}`;
}

/** What is shown instead of a board or a KPI: `events` or `connect`; null: nothing. */
const viewOf = (state) => (!state.kpi && Object.hasOwn(VIEWS, state.view ?? "") ? state.view : null);

async function enter(key, state) {
  const before = page.key;
  page.key = key;
  const named = viewOf(state);
  let given = null;
  if (!named && state.own && !state.kpi) {
    try { given = await api.board(store.tenant, state.own); } catch (error) { if (page.key === key) leaveFor(h("p", { class: "card panel-note" }, error.message)); return; }
  }
  const explored = state.kpi && (await import("./explore.js")); // only read when it is wanted
  const ops = !named && !explored && !given && state.board === "ops" ? await import("./panels/ops.js") : {};
  const seen = named && (await VIEWS[named]());
  if (page.key !== key) return void seen?.destroy();
  const view = seen ? seen : explored ? explored.explore(state.kpi) : board(state.board, given, ops.PANELS);
  leaveFor(state.tv === "1" ? tvHead() : null, view.el, given && state.tv !== "1" ? h("p", { class: "own-edit" }, h("button", { type: "button", class: "button", onclick: () => own.edit(async () => { page.key = null; await ownBoards(); }, state.own, given) }, t("own.edit"))) : null);
  page.view = view;
  if (before && JSON.parse(before)[1] !== (state.kpi ?? named)) { scrollTo(0, 0); main.focus({ preventScroll: true }); }
}

function leaveFor(...nodes) {
  page.view?.destroy();
  page.view = null;
  swap(main, nodes);
}

function tvHead() {
  const indicator = live();
  const clock = h("span", { class: "clock" });
  page.tv = () => { indicator.update(); clock.textContent = f.clock(api.now(), zone()); };
  page.tv();
  return h("div", { class: "tv-head" }, h("strong", {}, store.tenant), indicator.el, clock);
}

async function firstTenant() {
  if (!store.tenants.length) return null;
  let kept = null;
  try { kept = localStorage.getItem(KEPT); } catch { /* storage is off */ }
  return store.tenants.some((one) => one.tenant === kept) ? kept : store.tenants[0].tenant;
}

function rebuild() {
  document.getElementById("skip").textContent = t("skip");
  page.bar = topbar(document.getElementById("top"), act);
  page.key = null;
  show(true);
}

/** A picture of the page for those who hear it, at most each 30 s. */
function tell() {
  if (store.phase === "ready" && !document.hidden) announce(page.view?.summary ?? summary());
}

/** What time alone changes: the indicator, and tiles that turn stale or current with it. */
function tick() {
  page.bar.update();
  page.tv?.();
  tell();
  const { state } = freshness();
  if (state !== page.seen) { page.seen = state; changed(); }
}

/** Asks for companies and catalogue until there is one to show: a page opened too early shows it by itself. */
async function learn(asked) {
  for (let told = null; ;) {
    const [tenants, catalog] = await Promise.allSettled([api.tenants(), api.catalog()]);
    if (tenants.value && catalog.value && (tenants.value.length || asked.tenant)) {
      store.tenants = tenants.value;
      store.catalog = new Map(catalog.value.map((row) => [row.kpi, row]));
      return true;
    }
    const problem = tenants.reason ?? catalog.reason ?? new api.Problem(404, t("problem.no_tenants"));
    let again;
    const pressed = new Promise((resolve) => { again = resolve; });
    if (told !== problem.message) swap(main, gate(problem, () => page.again?.()));
    told = problem.message;
    page.again = again;
    if ([401, 403].includes(problem.status)) return false; // a token is entered on another page
    await Promise.race([pressed, new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); })]);
  }
}

/** Companies that have come since, and how current each is. */
async function relist() {
  if (document.hidden || store.paused) return;
  try { store.tenants = await api.tenants(); } catch { /* the live indicator says so */ }
}

async function start() {
  url.start();
  await load(preferred());
  document.getElementById("skip").textContent = t("skip");
  page.bar = topbar(document.getElementById("top"), act);
  const asked = url.read();
  if (asked.tenant) { look(asked.tenant, asked.window); }
  if (!(await learn(asked))) return;
  url.onChange((now) => { document.querySelectorAll("dialog:not(.drawer)").forEach((one) => one.close()); show(true); });
  subscribe(() => show());
  keys.start(act);
  setInterval(tick, 500);
  setInterval(relist, LIST_MS);
  setInterval(changed, 10_000); // states that come with time alone: stale, other windows
  addEventListener("themechange", () => page.view?.update(true));
  show();
}

globalThis.crmkpi = { store, format: f, aimOf }; // for the browser's console
start();
