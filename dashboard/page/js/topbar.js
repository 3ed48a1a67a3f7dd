// The top bar: tenant, live indicator, pause, search, TV, theme, language; below it the boards and the window.
import { h, icon, iconButton, s, swap } from "./dom.js";
import { LANGUAGES, language, t, windowName } from "./i18n.js";
import { go, href, leave, read } from "./url.js";
import { pause, store } from "./store.js";
import { live } from "./live.js";
import { nextTheme, theme } from "./theme.js";

export const QUICK = ["today", "7d", "30d", "quarter", "year"];
const GROUPS = { rolling: ["15m", "1h", "24h", "7d", "30d", "90d", "365d"], running: ["today", "week", "month", "quarter", "year"], complete: ["yesterday", "last_week", "last_month", "last_quarter", "last_year"], everything: ["all"] };
const BOARDS = ["sales", "marketing", "success", "ops"];

/** Fills `root`; returns {update}. `act`: finder(), newBoard(), help(), relanguage(code); `own`: names of own boards. */
export function topbar(root, act) {
  const refs = { tenant: h("select", { class: "select plain", "aria-label": t("tenant"), onchange: (event) => go({ tenant: event.target.value, segment: null, subject: null, offset: null, own: null }) }), tabs: h("div", { class: "tabs-list" }), ranges: h("div", { class: "ranges" }) };
  const indicator = live();
  const hold = iconButton("pause", t("pause"), () => pause(!store.paused), { "aria-pressed": "false" });
  const skin = iconButton("auto", t("theme"), () => { nextTheme(); update(); });
  const words = h("select", { class: "select plain", "aria-label": t("language"), onchange: (event) => act.relanguage(event.target.value) }, Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, selected: code === language, lang: code }, name)));
  swap(root,
    h("div", { class: "top-row" }, h("a", { class: "brand", href: "./", "aria-label": "crmkpi" }, logo(), h("span", { class: "brand-text" }, "crmkpi")), h("span", { class: "brand-line", "aria-hidden": "true" }), refs.tenant, h("span", { class: "grow" }),
      indicator.el, hold, iconButton("search", t("find"), act.finder, { "aria-keyshortcuts": "/" }), h("a", { class: "button quiet square", href: href({ tv: "1" }), "aria-label": t("tv"), title: t("tv"), data: { tv: "" } }, icon("tv")), skin, iconButton("help", t("help"), act.help, { "aria-keyshortcuts": "?" }), words),
    h("nav", { class: "tabs", "aria-label": t("boards") }, refs.tabs, refs.ranges));

  function update() {
    const state = read();
    indicator.update();
    tenants(refs.tenant, state);
    tabs(refs.tabs, state, act);
    ranges(refs.ranges, state);
    refs.ranges.hidden = Boolean(state.view) && !state.kpi;
    hold.setAttribute("aria-pressed", String(store.paused));
    relabel(hold, store.paused ? "play" : "pause", t(store.paused ? "resume" : "pause"));
    relabel(skin, { light: "sun", dark: "moon", auto: "auto" }[theme()], t(`theme.${theme()}`));
    root.querySelector("[data-tv]")?.setAttribute("href", href({ tv: "1" }));
    root.querySelector(".brand").setAttribute("href", href({ ...leave, board: "sales", own: null }));
  }
  return { update };
}

const logo = () => s("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" }, s("rect", { width: 32, height: 32, rx: 8, fill: "var(--accent)" }), s("path", { d: "M7 22l6-7 4 4 8-10", fill: "none", stroke: "var(--on-accent)", "stroke-width": 3, "stroke-linecap": "round", "stroke-linejoin": "round" }));

function relabel(button, name, label) {
  if (button.dataset.icon === name && button.title === label) return;
  Object.assign(button.dataset, { icon: name });
  button.title = label;
  button.setAttribute("aria-label", label);
  swap(button, icon(name));
}

function once(box, key) {
  if (box.dataset.key === key) return false;
  box.dataset.key = key;
  return true;
}

function tenants(box, state) {
  const names = store.tenants.map((one) => one.tenant);
  const chosen = state.tenant ?? store.tenant;
  if (chosen && !names.includes(chosen)) names.unshift(chosen);
  if (!once(box, JSON.stringify([names, chosen]))) return;
  swap(box, names.map((name) => h("option", { value: name, selected: name === chosen }, name)));
}

function tabs(box, state, act) {
  if (!once(box, JSON.stringify([state, act.own(), language]))) return;
  queueMicrotask(() => box.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  const link = (name, target, on) => h("a", { href: href({ ...leave, ...target }), "aria-current": on ? "page" : null }, name);
  swap(box, BOARDS.map((name) => link(t(`board.${name}`), { board: name, own: null }, !state.view && !state.own && state.board === name)), link(t("events"), { view: "events" }, state.view === "events"),
    act.own().map(({ name, title }) => link(title ?? name, { own: name }, !state.view && state.own === name)), h("button", { type: "button", "aria-label": t("own.new"), title: t("own.new"), onclick: () => act.newBoard() }, icon("plus")));
}

function ranges(box, state) {
  if (!once(box, JSON.stringify([state.window, state, language]))) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.window : null;
  const more = !QUICK.includes(state.window);
  swap(box, h("div", { class: "segmented", role: "group", "aria-label": t("window") }, QUICK.map((name) => h("a", { href: href({ window: name, offset: null }), "aria-current": String(state.window === name), data: { window: name }, title: windowName(name) }, windowName(name, true))),
    h("select", { class: "select", "aria-label": t("window.more"), data: { on: more, window: "more" }, onchange: (event) => event.target.value && go({ window: event.target.value, offset: null }) },
      more ? null : h("option", { value: "", selected: true }, t("window.more")), Object.entries(GROUPS).map(([group, names]) => h("optgroup", { label: t(`window.group.${group}`) }, names.map((name) => h("option", { value: name, selected: more && name === state.window }, windowName(name))))))));
  if (focused) box.querySelector(`[data-window="${focused}"]`)?.focus();
}
