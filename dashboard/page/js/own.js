// Own boards: choose KPIs, order and size; kept per tenant by the API, exported as JSON.
import * as api from "./api.js";
import { h, iconButton, swap } from "./dom.js";
import { kpiTitle, t, windowName } from "./i18n.js";
import { dialog } from "./info.js";
import { matches } from "./finder.js";
import { download } from "./table.js";
import { go, leave } from "./url.js";
import { store } from "./store.js";

const SIZES = ["s", "m", "l"];

/** Own boards of a tenant: [{name, title}]; none when the server has none to give. */
export async function list(tenant) {
  try {
    const found = await api.boards(tenant);
    const rows = Array.isArray(found) ? found : found.boards ?? Object.entries(found).map(([name, one]) => ({ name, ...one }));
    return rows.map((one) => (typeof one === "string" ? { name: one, title: one } : { name: one.name, title: one.title ?? one.name }));
  } catch {
    return [];
  }
}

/** A name for a title as addresses want it, and none of those taken. */
export function slug(title, taken = []) {
  const plain = title.normalize("NFKD").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 48) || "board";
  let name = plain;
  for (let more = 2; taken.includes(name); more += 1) name = `${plain}-${more}`;
  return name;
}

/** The editor, of a new board or of `board` called `name`. `saved()` runs after a change. */
export function edit(saved, name = null, board = { title: "", tiles: [] }) {
  const state = { title: board.title, tiles: board.tiles.map((one) => ({ size: "m", ...one })) };
  const { box, body } = dialog(t(name ? "own.edit" : "own.new"));
  const problem = h("p", { class: "bad-text", role: "alert" });
  const title = h("input", { class: "field", value: state.title, "aria-label": t("own.title"), placeholder: t("own.title"), maxlength: 60, required: true });
  const chosen = h("ol", { class: "own-list", "aria-label": t("own.chosen") });
  const offer = h("div", { class: "finder" });
  const field = h("input", { class: "field", type: "search", "aria-label": t("find"), placeholder: t("find.hint"), oninput: () => draw() });
  const move = (at, by) => { const [one] = state.tiles.splice(at, 1); state.tiles.splice(at + by, 0, one); draw(); };

  function draw() {
    swap(chosen, state.tiles.map((one, at) => h("li", {}, h("span", { class: "grow ellipsis" }, kpiTitle(one.kpi, store.catalog.get(one.kpi)?.title)),
      h("select", { class: "select", "aria-label": t("own.size"), onchange: (event) => { one.size = event.target.value; } }, SIZES.map((size) => h("option", { value: size, selected: size === one.size }, t(`own.size.${size}`)))),
      h("select", { class: "select", "aria-label": t("window"), onchange: (event) => { one.window = event.target.value || undefined; } }, h("option", { value: "", selected: !one.window }, t("own.window")), (store.catalog.get(one.kpi)?.windows ?? []).map((name) => h("option", { value: name, selected: name === one.window }, windowName(name)))),
      iconButton("up", t("own.up"), () => move(at, -1), { disabled: at === 0 }), iconButton("down", t("own.down"), () => move(at, 1), { disabled: at === state.tiles.length - 1 }), iconButton("bad", t("own.remove"), () => { state.tiles.splice(at, 1); draw(); }))));
    const have = new Set(state.tiles.map((one) => one.kpi));
    swap(offer, matches(field.value).filter(({ row }) => !have.has(row.kpi)).slice(0, 40).map(({ row, title: called }) => h("label", {}, h("input", { type: "checkbox", onchange: () => { state.tiles.push({ kpi: row.kpi, size: "m" }); draw(); } }), h("span", { class: "grow ellipsis" }, called))));
  }

  async function save() {
    if (!title.value.trim() || !state.tiles.length) { problem.textContent = t("own.incomplete"); return; }
    try {
      const target = name ?? slug(title.value, (await list(store.tenant)).map((one) => one.name));
      await api.saveBoard(store.tenant, target, { title: title.value.trim(), tiles: state.tiles });
      box.close();
      await saved();
      go({ ...leave, own: target });
    } catch (error) { problem.textContent = error.message; }
  }
  const buttons = h("div", { class: "row" }, h("button", { type: "button", class: "button primary", onclick: save }, t("save")),
    h("button", { type: "button", class: "button", onclick: () => download(`${slug(title.value)}.json`, JSON.stringify({ title: title.value, tiles: state.tiles }, null, 2), "application/json") }, t("own.export")),
    name && h("button", { type: "button", class: "button", onclick: async () => { try { await api.dropBoard(store.tenant, name); box.close(); go({ ...leave, own: null }); await saved(); } catch (error) { problem.textContent = error.message; } } }, t("own.delete")));
  body.append(h("div", { class: "stack" }, title, chosen, field, offer, problem, buttons));
  draw();
  title.focus();
}
