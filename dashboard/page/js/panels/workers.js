// The workers: lanes, restores, throughput, late and duplicate events, how long publishing takes.
import * as api from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { polled } from "./polled.js";

export function workers() {
  return polled(panel({ title: t("panel.workers"), name: "workers", size: "two-thirds", load: (signal) => api.workers({ signal }), draw, every: 5_000, twin: false }), 3_000);
}

const known = (value) => value !== null && value !== undefined;
const rate = (value) => (known(value) ? t("workers.per_second", { n: f.plain(value, value < 100 ? 1 : 0) }) : "–");
const share = (value) => (known(value) ? f.percent(value, 2, { fixed: false }) : "–");
const took = (value) => (known(value) ? t("workers.ms", { n: f.plain(value * 1000, value < 0.01 ? 1 : 0) }) : "–");

function draw(found) {
  const rows = found.workers ?? [];
  if (!rows.length) return { note: t("workers.none") };
  const fact = (key, value, tone = "") => h("div", {}, h("dt", {}, t(key)), h("dd", { class: tone && `${tone}-text` }, value));
  const away = rows.filter((row) => !row.ready).length;
  const facts = h("dl", { class: "verdict" },
    fact("workers.events", rate(found.events_per_s)), fact("workers.late", share(found.late)), fact("workers.duplicates", share(found.duplicates)),
    fact("workers.publish", `${took(found.publish_p50_s)} · ${took(found.publish_p99_s)}`), fact("ops.quarantine", f.whole(found.quarantined), found.quarantined ? "bad" : ""));
  const columns = [
    { key: "worker", label: t("workers.worker"), show: (row) => h("span", { title: row.build }, row.worker) },
    { key: "ready", label: t("status"), show: state, raw: (row) => (row.ready ? t("workers.ready") : row.reasons.join("; ")) },
    { key: "lanes", label: t("workers.lanes"), num: true, show: (row) => h("span", { title: row.lanes.join(", ") }, f.whole(row.lanes.length)), raw: (row) => row.lanes.join(" ") },
    { key: "events_per_s", label: t("workers.events"), num: true, show: (row) => rate(row.events_per_s) },
    { key: "publish_p99_s", label: t("workers.p99"), num: true, show: (row) => took(row.publish_p99_s) },
    { key: "pending", label: t("ops.waiting"), num: true, show: (row) => f.whole(row.pending) },
    { key: "failures", label: t("workers.restarts"), num: true, show: (row) => f.whole(row.failures) },
    { key: "uptime_s", label: t("workers.up"), num: true, show: (row) => f.span(row.uptime_s) },
  ];
  return {
    takeaway: away ? t("workers.away", { count: away, n: f.whole(away) }) : t("workers.fine", { count: rows.length, n: f.whole(rows.length) }),
    chart: h("div", {}, facts, table({ caption: t("panel.workers"), columns, rows, klass: "spaced" })), columns, rows, foot: t("workers.over"),
  };
}

function state(row) {
  if (row.ready) return h("span", { class: "status row good-text" }, icon("ok"), t("workers.ready"));
  const words = row.restoring.length ? t("workers.restoring", { count: row.restoring.length, n: f.whole(row.restoring.length), share: f.percent(row.recovery_progress, 0) }) : row.reasons[0] ?? t("workers.not_ready");
  return h("span", { class: "status row warn-text", title: row.reasons.join("; ") }, icon("clock"), words);
}
