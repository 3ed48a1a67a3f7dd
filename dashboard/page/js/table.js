// Real tables: the twin of every chart, sortable, with CSV of the same rows.
import { h, icon, swap } from "./dom.js";
import { t } from "./i18n.js";

/** A table. Columns: {key, label, num, show(row) → text or node, sort(row)}; rows: objects. `sortable`: heads are buttons. */
export function table({ caption, columns, rows, klass = "", sortable = false, sort = null }) {
  const body = h("tbody");
  const order = { key: sort?.key ?? null, down: sort?.down ?? true };
  const fill = () => swap(body, sorted(rows, columns, order).map((row) => h("tr", { class: row.klass ?? null }, columns.map((column, at) => cell(column, row, at)))));
  const heads = columns.map((column) => head(column, sortable, order, () => { fill(); mark(); }));
  const mark = () => heads.forEach((one, at) => columns[at].key === order.key ? one.setAttribute("aria-sort", order.down ? "descending" : "ascending") : one.removeAttribute("aria-sort"));
  fill();
  mark();
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: `table ${klass}` }, h("caption", { class: "sr" }, caption), h("thead", {}, h("tr", {}, heads)), body));
}

function head(column, sortable, order, changed) {
  const klass = column.num ? "num" : null;
  if (!sortable) return h("th", { scope: "col", class: klass }, column.label);
  return h("th", { scope: "col", class: klass }, h("button", {
    type: "button", onclick: () => { order.down = order.key === column.key ? !order.down : Boolean(column.num); order.key = column.key; changed(); },
  }, column.label));
}

function cell(column, row, at) {
  const shown = column.show ? column.show(row) : row[column.key];
  return h(at === 0 ? "th" : "td", { scope: at === 0 ? "row" : null, class: column.num ? "num" : null }, shown ?? "–");
}

function sorted(rows, columns, { key, down }) {
  const column = columns.find((one) => one.key === key);
  if (!column) return rows;
  const of = column.sort ?? ((row) => row[key]);
  const rank = (row) => { const found = of(row); return found === null || found === undefined || found === "" ? null : column.num ? Number(found) : String(found); };
  return [...rows].sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    if (one === null || other === null) return (one === null) - (other === null);
    return (one > other ? 1 : one < other ? -1 : 0) * (down ? -1 : 1);
  });
}

/** RFC 4180. A cell that a spreadsheet would take for a formula is text. */
export function csv(columns, rows) {
  const quote = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (/^[=@\t\r]/.test(text) || (/^[+-]/.test(text) && Number.isNaN(Number(text)))) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (cells) => cells.map(quote).join(",");
  return [line(columns.map((one) => one.label)), ...rows.map((row) => line(columns.map((one) => (one.raw ? one.raw(row) : row[one.key]))))].join("\r\n");
}

/** Hands a file to the reader. */
export function download(name, content, type = "text/csv;charset=utf-8") {
  const blob = content instanceof Blob ? content : new Blob([type.startsWith("text/csv") ? "\ufeff" : "", content], { type });
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A button that saves rows as CSV. */
export function csvButton(name, given) {
  return h("button", { type: "button", class: "button", "aria-label": t("csv.save"), onclick: () => { const { columns, rows } = given(); download(`${name}.csv`, csv(columns, rows)); } }, icon("down"), h("span", { class: "label" }, t("csv")));
}
