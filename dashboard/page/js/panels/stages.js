// The pipeline by stage: how many deals are in it now and for how long, and how long deals usually stay.
import { h } from "../dom.js";
import { dimensionName, t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { keyOf, nameOf, noneOf, segments, windowFoot } from "./segments.js";

export function stages() {
  return panel({ title: t("panel.stages"), name: "pipeline_by_stage", size: "third stretch", load, draw });
}

async function load(signal) {
  const [stay, open] = await Promise.all([segments("time_in_stage", signal), segments("time_in_stage_open", signal).catch(() => ({ dimensions: {} }))]);
  return { window: stay.window, total: stay.total, stay: stay.dimensions.stage ?? [], open: open.dimensions.stage ?? [] };
}

function draw({ stay, open, window, total }) {
  const names = [...new Set([...open, ...stay].map(keyOf))];
  if (!names.length) return { note: noneOf({ total }) };
  const days = { unit: "days" };
  const rows = names.map((key) => {
    const [usual, now] = [stay, open].map((list) => list.find((doc) => keyOf(doc) === key));
    return { key, name: nameOf(usual ?? now), deals: open.length ? now?.n ?? 0 : null, age: now?.value ?? null, usual: usual?.value ?? null };
  }).sort((a, b) => b.deals - a.deals);
  const slow = rows.filter((row) => row.age !== null && row.usual && row.age > row.usual).sort((a, b) => b.age / b.usual - a.age / a.usual)[0];
  return {
    takeaway: !open.length ? "" : slow ? t("stages.slow", { stage: slow.name, age: f.text(slow.age, days), usual: f.text(slow.usual, days) }) : t("stages.fine"),
    chart: chart(rows, days), rows, foot: windowFoot(window),
    columns: [
      { key: "name", label: dimensionName("stage") },
      { key: "deals", label: t("stages.deals"), num: true, show: (row) => (row.deals === null ? "–" : f.whole(row.deals)) },
      { key: "age", label: t("stages.age"), num: true, show: (row) => f.text(row.age, days) },
      { key: "usual", label: t("stages.usual"), num: true, show: (row) => f.text(row.usual, days) },
    ],
  };
}

function chart(rows, days) {
  const most = Math.max(...rows.flatMap((row) => [row.age ?? 0, row.usual ?? 0]), 1);
  const bar = (value, klass) => {
    const fill = h("i", { class: klass, style: { "--share": String(Number(value) / most) } });
    return value === null ? null : h("div", { class: "stage-bar" }, fill, f.text(value, days));
  };
  const lines = rows.map((row) => h("a", { class: "stage", href: href({ ...leave, kpi: "time_in_stage", segment: `stage:${row.key}` }) },
    h("div", { class: "ellipsis" }, row.name, h("div", { class: "muted" }, row.deals === null ? "–" : t("stages.open", { count: row.deals, n: f.whole(row.deals) }))), h("div", { class: "stage-bars" }, bar(row.age, ""), bar(row.usual, "second"))));
  return h("div", {}, h("div", { class: "legend", "aria-hidden": "true" }, h("span", {}, h("i"), t("stages.age")), h("span", {}, h("i", { style: { background: "var(--c2)" } }), t("stages.usual"))), h("div", { class: "stages" }, lines));
}
