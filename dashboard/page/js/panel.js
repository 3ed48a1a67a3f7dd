// A card with a chart and its table twin. It loads what it shows, keeps it until newer data is there, and loads again
// after numbers changed. `draw(data)` gives {takeaway, chart, columns, rows, note, foot}.
import { h, setText, swap } from "./dom.js";
import { language, t } from "./i18n.js";
import { csvButton, table } from "./table.js";
import { store } from "./store.js";

/** A panel: {el, update, reload}. `load(signal)` resolves to data; `tools`: more nodes for its head; `beside`: what else is drawn, and changes by itself. */
export function panel({ title, name, size = "half", load, draw, every = 10_000, tools = [], flush = false, twin = true, beside = () => null }) {
  const state = { key: null, rev: null, at: 0, data: undefined, drawn: null, asTable: false, beside: null, found: {}, abort: null };
  const refs = {
    title: h("h2", {}, title), takeaway: h("p", { class: "takeaway" }), foot: h("p", { class: "panel-foot", hidden: true }),
    body: h("div", { class: `panel-body ${flush ? "flush" : ""}` }, h("p", { class: "panel-note" }, t("loading"))),
  };
  const flip = twin && h("button", { type: "button", class: "button", "aria-pressed": "false", onclick: () => { state.asTable = !state.asTable; flip.setAttribute("aria-pressed", String(state.asTable)); redraw(); } }, t("table"));
  const save = csvButton(name, () => ({ columns: state.found.columns ?? [], rows: state.found.rows ?? [] }));
  save.hidden = true;
  if (flip) flip.hidden = true;
  const el = h("section", { class: `card panel ${size}`, "aria-label": title, data: { panel: name } },
    h("div", { class: "panel-head" }, refs.title, tools, flip, save), refs.takeaway, refs.body, refs.foot);

  function redraw() {
    const focused = refs.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    fill();
    if (focused) refs.body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus(); // what was drawn anew keeps it
  }

  function fill() {
    state.beside = beside();
    const found = (state.found = state.data instanceof Error ? { note: state.data.message } : draw(state.data) ?? {});
    setText(refs.takeaway, found.takeaway ?? "");
    refs.takeaway.hidden = !found.takeaway;
    save.hidden = !found.rows?.length;
    if (flip) flip.hidden = !found.rows?.length;
    refs.foot.hidden = !found.foot;
    swap(refs.foot, found.foot ?? "");
    if (found.note) return void swap(refs.body, h("p", { class: "panel-note" }, found.note));
    const twinTable = () => table({ caption: title, columns: found.columns, rows: found.rows, sortable: true });
    swap(refs.body, state.asTable || !found.chart ? twinTable() : found.chart);
  }

  async function reload() {
    state.abort?.abort();
    const abort = (state.abort = new AbortController());
    state.at = performance.now();
    try {
      const data = await load(abort.signal);
      const text = JSON.stringify(data) + language;
      if (abort.signal.aborted) return;
      el.removeAttribute("aria-busy");
      if (text === state.drawn) return;
      Object.assign(state, { data, drawn: text });
      redraw();
    } catch (error) {
      if (abort.signal.aborted || error.name === "AbortError") return;
      el.removeAttribute("aria-busy");
      if (state.data === undefined || state.data instanceof Error || state.fresh) { Object.assign(state, { data: error, drawn: null }); redraw(); }
    } finally {
      state.fresh = false;
    }
  }

  function update() {
    const key = `${store.tenant} ${store.window}`;
    const wanting = Boolean(state.found.note); // a failure, or what comes later than the numbers
    const moved = (wanting || state.rev !== store.meta.rev) && performance.now() - state.at > every && !store.paused;
    if (key !== state.key) {
      if (state.key !== null) { el.setAttribute("aria-busy", "true"); state.fresh = true; }
    } else if (!moved) {
      if (state.data !== undefined && state.beside !== beside()) redraw();
      return;
    }
    Object.assign(state, { key, rev: store.meta.rev });
    reload();
  }
  return { el, update, reload, redraw, destroy: () => state.abort?.abort() };
}
