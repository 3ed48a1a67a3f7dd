// Finds a KPI by title or id.
import { h, swap } from "./dom.js";
import { kpiTitle, t } from "./i18n.js";
import { dialog } from "./info.js";
import { go, href, leave } from "./url.js";
import { store } from "./store.js";

/** KPIs whose title, id or family has every word of `text`. */
export function matches(text) {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return [...store.catalog.values()].map((row) => ({ row, title: kpiTitle(row.kpi, row.title) }))
    .filter(({ row, title }) => words.every((word) => `${title} ${row.title} ${row.kpi} ${row.family ?? ""}`.toLocaleLowerCase().includes(word)));
}

export function finder() {
  const { box, body } = dialog(t("find"));
  let at = 0;
  const list = h("div", { class: "finder", role: "listbox", id: "found", "aria-label": t("find") });
  const field = h("input", { class: "field", type: "search", "aria-label": t("find"), placeholder: t("find.hint"), role: "combobox", "aria-expanded": "true", "aria-controls": "found", autocomplete: "off", oninput: () => { at = 0; fill(); } });
  const found = () => matches(field.value).slice(0, 60);
  const fill = () => {
    const rows = found();
    swap(list, rows.length ? rows.map(({ row, title }, place) => h("a", { id: `found-${place}`, role: "option", tabindex: "-1", href: href({ ...leave, kpi: row.kpi }), "aria-selected": String(place === at), onclick: () => box.close() }, h("span", { class: "grow ellipsis" }, title), h("span", { class: "muted" }, row.family ?? row.unit ?? ""))) : h("p", { class: "muted" }, t("find.none")));
    if (rows.length) field.setAttribute("aria-activedescendant", `found-${at}`); else field.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView?.({ block: "nearest" });
  };
  field.addEventListener("keydown", (event) => {
    const count = found().length;
    if (event.key === "ArrowDown") at = Math.min(at + 1, count - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter" && count) { box.close(); go({ ...leave, kpi: found()[at].row.kpi }); return; } else return;
    event.preventDefault();
    fill();
  });
  body.append(field, list);
  fill();
  field.focus();
}
