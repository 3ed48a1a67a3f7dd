// Dead letters: events that were rejected, by kind; each can be looked at, sent again or discarded. And the quarantine.
// Reasons are the codes of docs/operations.md, as commands take them.
import * as api from "../api.js";
import { h, iconButton, swap } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { dialog } from "../info.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { zone } from "../store.js";
import { polled } from "./polled.js";

const PAGE = 50;
const LISTED = 20;
const FEW = 8; // kinds that are shown at once
const button = (label, onclick, extra = {}) => h("button", { type: "button", class: "button", onclick, ...extra }, label);

export function letters() {
  const state = { all: false };
  const made = panel({ title: t("panel.letters"), name: "dead_letters", size: "two-thirds", load: (signal) => api.letters({ limit: 1 }, { signal }), draw: (found) => draw(found, state, made), twin: false, every: 10_000, flush: true });
  return polled(made, 10_000);
}

function draw({ groups: rows = [], complete }, state, made) {
  const changed = () => made.reload();
  const total = rows.reduce((sum, row) => sum + row.letters, 0);
  if (!total) return { note: complete ? t("letters.none") : t("loading") };
  const kind = ({ topic, reason, field }) => ({ topic, reason, field });
  const key = (row, what) => ({ key: `${what} ${row.topic} ${row.reason} ${row.field}` });
  const columns = [
    { key: "reason", label: t("letters.reason"), show: (row) => h("button", { type: "button", class: "link", data: key(row, "show"), onclick: () => list(row, changed) }, row.reason) },
    { key: "field", label: t("letters.field"), show: (row) => row.field || "–" },
    { key: "topic", label: t("ops.topic") },
    { key: "letters", label: t("count"), num: true, show: (row) => f.whole(row.letters) },
    { key: "newest", label: t("letters.newest"), num: true, show: (row) => f.moment(Date.parse(row.newest), zone()) },
    { key: "do", label: t("letters.do"), num: true, raw: () => "", show: (row) => h("span", { class: "row end" },
      iconButton("redo", t("letters.retry_all", { reason: row.reason, n: f.whole(row.letters) }), () => sure("retry", kind(row), row.letters, changed), { data: key(row, "retry") }),
      iconButton("bad", t("letters.discard_all", { reason: row.reason, n: f.whole(row.letters) }), () => sure("discard", kind(row), row.letters, changed), { data: key(row, "discard") })) },
  ];
  const shown = state.all ? rows : rows.slice(0, FEW);
  const more = shown.length < rows.length && h("button", { type: "button", class: "more", data: { key: "more" }, onclick: () => { state.all = true; made.redraw(); made.el.querySelectorAll("button.link")[FEW]?.focus(); } }, t("show_all", { count: rows.length, n: rows.length }));
  return { takeaway: t("letters.takeaway", { count: total, n: f.whole(total) }) + (complete ? "" : ` ${t("letters.partial")}`), chart: h("div", {}, table({ caption: t("panel.letters"), columns, rows: shown }), more || ""), columns, rows };
}

/** Asks once more, does it, and says what came of it. `done()` runs after something changed. */
function sure(what, choice, count, done) {
  const { box, body } = dialog(t(`letters.${what}`));
  const said = h("p", { role: "status" }, t(`letters.${what}_sure`, { count, n: f.whole(count) }));
  const act = button(t(`letters.${what}`), async () => {
    act.disabled = true;
    try {
      const found = await api.deal(what, choice);
      const left = Object.entries(found.left);
      swap(said, t(`letters.${what}_done`, { count: found.done, n: f.whole(found.done) }), found.more ? ` ${t("letters.more", { count: found.more, n: f.whole(found.more) })}` : "");
      said.after(left.length ? h("ul", { class: "told" }, left.slice(0, LISTED).map(([id, why]) => h("li", {}, h("code", {}, id), ` ${why}`))) : "");
      act.remove();
      stop.textContent = t("close");
      stop.focus();
      done();
    } catch (error) { swap(said, error.message); act.disabled = false; }
  }, { class: "button primary" });
  const stop = button(t("cancel"), () => box.close());
  body.append(h("div", { class: "stack" }, said, h("div", { class: "row" }, act, stop)));
  act.focus();
}

/** The letters of a kind, newest first; each opens the record. */
async function list(kind, changed) {
  const { body } = dialog(`${kind.reason}${kind.field ? ` · ${kind.field}` : ""}`, { klass: "drawer" });
  const state = { offset: 0 };
  async function show() {
    swap(body, h("p", { class: "panel-note" }, t("loading")));
    try {
      const { topic, reason, field } = kind;
      const found = await api.letters({ topic, reason, field: field || null, limit: PAGE, offset: state.offset });
      const mine = found.letters.filter((one) => one.field === field);
      const page = (label, by, on) => button(label, () => { state.offset += by; show(); }, { disabled: !on });
      const lines = mine.map((one) => h("li", {}, h("button", { type: "button", class: "letter", data: { key: one.id }, onclick: () => whole(one.id, body, show, () => { changed(); show(); }) },
        h("code", {}, one.id), h("span", { class: "muted" }, [f.moment(Date.parse(one.rejected_at), zone()), one.tenant].filter(Boolean).join(" · ")), h("span", {}, one.detail))));
      swap(body, h("div", { class: "stack" }, h("ul", { class: "letters" }, lines), found.total > PAGE ? h("nav", { class: "pager", "aria-label": t("members.pages") }, h("span", { class: "grow" }, t("members.range", { first: f.whole(state.offset + 1), last: f.whole(state.offset + mine.length), total: f.whole(found.total) })), page(t("previous"), -PAGE, state.offset > 0), page(t("next"), PAGE, state.offset + PAGE < found.total)) : null));
      (body.querySelector(`[data-key="${CSS.escape(state.from ?? "")}"]`) ?? body.querySelector("button"))?.focus();
    } catch (error) { swap(body, h("p", { class: "panel-note" }, error.message)); }
  }
  await show();
}

/** One letter with its event, in `body`; `back` (may be none) returns to the list, `changed` runs after it was dealt with. */
export async function whole(id, body, back, changed) {
  swap(body, h("p", { class: "panel-note" }, t("loading")));
  const leave = back && h("div", { class: "row" }, button(t("back"), back));
  try {
    const one = await api.letter(id);
    const line = (key, value) => (value ? [h("dt", {}, t(key)), h("dd", {}, value)] : []);
    const what = (name) => button(t(`letters.${name}`), () => sure(name, { ids: [id] }, 1, changed));
    swap(body, h("div", { class: "stack" }, leave,
      h("dl", { class: "info-grid" }, line("letters.id", h("code", {}, one.id)), line("letters.reason", one.reason), line("letters.field", one.field), line("letters.detail", h("span", { lang: "en" }, one.detail)), line("tenant", one.tenant), line("letters.event", h("span", { lang: "en" }, one.event)), line("letters.key", text(one.key)), one.headers.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, text(value))])),
      h("h3", {}, t("letters.record")), h("pre", { class: "record", tabindex: "0", "aria-label": t("letters.record") }, pretty(one.value)), one.characters ? h("p", { class: "muted" }, t("letters.cut", { n: f.whole(one.characters) })) : null,
      h("div", { class: "row" }, what("retry"), what("discard"))));
  } catch (error) { swap(body, h("div", { class: "stack" }, leave, h("p", { class: "panel-note" }, error.message))); }
  (body.querySelector("button") ?? body).focus();
}

const text = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** JSON with indents where it is JSON; else as it is. */
function pretty(value) {
  try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return text(value) || "–"; }
}

/** Events that the engine could not count: which, and how many. */
export function quarantine() {
  const load = (signal) => api.workers({ signal }).then(({ workers = [], quarantined = 0 }) => ({ count: quarantined, ids: workers.flatMap((one) => one.quarantine) }));
  const made = panel({ title: t("panel.quarantine"), name: "quarantine", size: "third stretch", load, draw: (found) => drawQuarantine(found, () => made.reload()), twin: false, every: 10_000 });
  return polled(made, 10_000);
}

function drawQuarantine({ count, ids }, changed) {
  if (!count) return { note: t("quarantine.none") };
  const open = (id) => { const { body } = dialog(t("letters.letter"), { klass: "drawer" }); whole(id, body, null, changed); };
  return {
    takeaway: t("quarantine.takeaway", { count, n: f.whole(count) }), rows: ids.map((id) => ({ id })), columns: [{ key: "id", label: t("letters.id") }],
    chart: h("ul", { class: "letters" }, ids.slice(0, LISTED).map((id) => h("li", {}, h("button", { type: "button", class: "letter", data: { key: id }, onclick: () => open(id) }, h("code", {}, id))))), foot: t("quarantine.what"),
  };
}
