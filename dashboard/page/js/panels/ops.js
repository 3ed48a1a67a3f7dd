// Whether the workers keep up: verdict, lag in records and seconds, every partition; and how current each company is.
import * as api from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href } from "../url.js";
import { letters, quarantine } from "./letters.js";
import { polled } from "./polled.js";
import { verify } from "./verify.js";
import { workers } from "./workers.js";

/** The panels of the ops board. */
export const PANELS = { lag, tenants, workers, verify, letters, quarantine };

const TONE = { OK: "", WARN: "warn", STALL: "bad", STOP: "bad", REWIND: "bad", ERR: "bad" };

function lag() {
  return polled(panel({ title: t("panel.lag"), name: "lag", size: "two-thirds", load: (signal) => api.lag({ signal }), draw, every: 5_000 }), 5_000);
}

const count = (found) => (Array.isArray(found) ? found.reduce((sum, one) => sum + Number(one?.records ?? 1), 0) : found && typeof found === "object" ? Number(found.count ?? found.total ?? Object.keys(found).length) : found);

function draw(found) {
  const partitions = (Array.isArray(found.partitions) ? found.partitions : found.lanes) ?? [];
  const verdict = found.verdict ?? "OK";
  const number = (value) => (value === null || value === undefined ? "–" : f.whole(value));
  const fact = (key, value, tone = "") => h("div", {}, h("dt", {}, t(key)), h("dd", { class: tone && `${tone}-text` }, value));
  const lost = count(found.losses);
  const chart = h("div", {}, h("dl", { class: "verdict" },
    h("div", {}, h("dt", {}, t("ops.verdict")), h("dd", { class: `big ${TONE[verdict] ? `${TONE[verdict]}-text` : "good-text"}` }, icon(TONE[verdict] ? TONE[verdict] : "ok"), t(`verdict.${verdict}`))),
    fact("ops.records", number(found.records)), fact("ops.age", found.seconds === null || found.seconds === undefined ? "–" : f.span(found.seconds)),
    found.records && found.catch_up_s ? fact("ops.catch_up", f.span(found.catch_up_s)) : null,
    lost ? fact("ops.lost", number(lost), "bad") : null),
  h("ul", { class: "grid-parts", "aria-label": t("ops.partitions") }, partitions.map(part)));
  return {
    takeaway: t("ops.takeaway", { verdict: t(`verdict.${verdict}`), records: number(found.records ?? 0) }), chart, rows: partitions,
    columns: [{ key: "topic", label: t("ops.topic"), show: (row) => row.topic ?? row.lane }, { key: "partition", label: t("ops.partition"), num: true }, { key: "verdict", label: t("ops.verdict"), show: (row) => (row.verdict ? t(`verdict.${row.verdict}`) : "–") },
      { key: "records", label: t("ops.records"), num: true, show: (row) => number(row.records) }, { key: "seconds", label: t("ops.age"), num: true, show: (row) => (row.seconds === null || row.seconds === undefined ? "–" : f.span(row.seconds)) }, { key: "lost", label: t("ops.lost"), num: true, show: (row) => number(row.lost) }],
  };
}

function part(row) {
  const verdict = row.verdict ?? (row.committed === null ? null : "OK");
  const name = String(row.topic ?? "").replace(/^.*?([^.]+)(\.v\d+)?$/, "$1");
  return h("li", { class: `part ${verdict ? TONE[verdict] ?? "" : "off"}`, title: row.topic }, h("b", {}, `${name} ${row.partition ?? row.lane ?? ""}`), verdict ? t(`verdict.${verdict}`) : t("ops.unread"), row.records ? ` · ${f.compact(row.records)}` : "");
}

function tenants() {
  return panel({ title: t("panel.tenants"), name: "tenants", size: "third stretch", flush: true, twin: false, every: 5_000, load: () => api.tenants(), draw: (rows) => {
    const age = (row) => { const at = Math.max(...[row.checked, row.as_of].map((one) => (typeof one === "number" ? one : Date.parse(one ?? ""))).filter(Number.isFinite), 0); return at ? (api.now() - at) / 1000 : null; };
    const late = rows.filter((row) => row.stale).length;
    return { rows, takeaway: late ? t("ops.tenants_stale", { count: late, n: late }) : t("ops.tenants_ok", { count: rows.length, n: rows.length }), columns: [
      { key: "tenant", label: t("tenant"), show: (row) => h("a", { href: href({ tenant: row.tenant }) }, row.tenant) },
      { key: "stale", label: t("status"), show: (row) => h("span", { class: `status ${row.stale ? "warn-text" : "good-text"}` }, row.stale ? t("status.stale") : row.catching_up ? t("status.catching_up") : t("status.current")) },
      { key: "age", label: t("ops.checked"), num: true, sort: age, show: (row) => (age(row) === null ? "–" : f.span(Math.max(age(row), 0))) },
      { key: "waiting", label: t("ops.waiting"), num: true, show: (row) => f.whole(count(row.waiting) || 0) },
    ] };
  } });
}
