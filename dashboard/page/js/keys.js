// Keys: ? help, / search, 1–4 boards, t today, w week, m month, p pause, Esc out of TV mode.
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { dialog } from "./info.js";
import { go, leave, read } from "./url.js";
import { pause, store } from "./store.js";

const BOARDS = ["sales", "marketing", "success", "ops"];
const WINDOWS = { t: "today", w: "week", m: "month", y: "year" };

export function help() {
  const rows = [["1 – 4", "keys.boards"], ["t", "window.today"], ["w", "window.week"], ["m", "window.month"], ["y", "window.year"], ["/", "find"], ["p", "keys.pause"], ["b", "keys.back"], ["?", "help"]];
  dialog(t("keys.title")).body.append(h("dl", { class: "keys" }, rows.flatMap(([key, word]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(word))])));
}

export function start({ finder }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, dialog")) return;
    const { key } = event;
    if (key === "Escape" && read().tv) go({ tv: null });
    else if (key === "?") help();
    else if (key === "/") { event.preventDefault(); finder(); }
    else if (key === "p") pause(!store.paused);
    else if (key === "b" && read().kpi) go(leave);
    else if (BOARDS[key - 1]) go({ ...leave, board: BOARDS[key - 1], own: null });
    else if (WINDOWS[key]) go({ window: WINDOWS[key], offset: null });
  });
}
