// NPS with its margin: the score, how sure it is, and who it is made of.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { documentOf } from "../fallback.js";

const SHARES = { promoter_share: ["p", "nps.promoters"], passive_share: ["", "nps.passives"], detractor_share: ["d", "nps.detractors"] };

export function nps() {
  return panel({ title: t("panel.nps"), name: "nps", size: "third stretch", every: 2_000, load: async () => Object.fromEntries(["net_promoter_score", ...Object.keys(SHARES)].map((kpi) => [kpi, documentOf(kpi) ?? null])), draw });
}

function draw(docs) {
  const score = docs.net_promoter_score;
  if (!score || score.value === null) return { note: t("tile.no_data") };
  const margin = Number(score.margin ?? 0);
  const value = Number(score.value);
  const rows = Object.entries(SHARES).map(([kpi, [klass, key]]) => ({ kpi, klass, name: t(key), doc: docs[kpi], share: Number(docs[kpi]?.value ?? 0), n: docs[kpi]?.numerator }));
  return {
    takeaway: margin ? t("nps.takeaway", { low: f.text(Math.max(value - margin, -100), score), high: f.text(Math.min(value + margin, 100), score) }) : "",
    chart: chart(score, value, margin, rows), rows: [...rows.map((row) => ({ name: row.name, share: row.share, n: row.n }))],
    columns: [{ key: "name", label: t("nps.group") }, { key: "share", label: t("share"), num: true, show: (row) => f.percent(row.share) }, { key: "n", label: t("count"), num: true, show: (row) => f.whole(row.n ?? 0) }],
  };
}

const place = (value) => `${((Math.max(Math.min(value, 100), -100) + 100) / 200) * 100}%`;

function chart(score, value, margin, rows) {
  const low = Math.max(value - margin, -100);
  const high = Math.min(value + margin, 100);
  return h("div", { class: "nps" },
    h("div", { class: "nps-score" }, h("b", {}, f.text(score.value, score)), margin ? h("span", { class: "muted" }, `± ${f.plain(margin, 1)}`) : "", h("span", { class: "muted" }, t("nps.answers", { count: score.n, n: f.whole(score.n ?? 0) }))),
    h("div", { class: "nps-scale", role: "img", "aria-label": t("nps.scale", { score: f.text(score.value, score), margin: f.plain(margin, 1) }) }, h("span", { class: "mid" }), h("i", { style: { left: place(low), width: `${(high - low) / 2}%` } }), h("b", { style: { left: place(value) } })),
    h("div", { class: "nps-ends", "aria-hidden": "true" }, h("span", {}, "−100"), h("span", {}, "0"), h("span", {}, "+100")),
    h("div", { class: "split", "aria-hidden": "true" }, rows.map((row) => h("i", { class: row.klass, style: { "flex-grow": String(row.share) } }))),
    h("div", { class: "split-names" }, rows.map((row) => h("a", { href: href({ ...leave, kpi: row.kpi }) }, h("b", {}, f.percent(row.share)), h("small", {}, h("i", { class: "swatch", style: { background: { p: "var(--c3)", d: "var(--c5)" }[row.klass] ?? "var(--c6)" } }), row.name)))));
}
