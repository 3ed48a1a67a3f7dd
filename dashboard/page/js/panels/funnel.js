// The sales funnel: visitor, lead, opportunity, won, with the conversion of each step and the greatest loss named.
import { h, s } from "../dom.js";
import { dimensionName, t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href, leave } from "../url.js";
import { keyOf, nameOf, noneOf, segments, windowFoot } from "./segments.js";

const ORDER = ["visitor", "lead", "opportunity", "won"];

export function funnel(kpi = "sales_funnel") {
  return panel({ title: t("panel.funnel"), name: kpi, size: "two-thirds", load: (signal) => segments(kpi, signal), draw: (found) => draw(found, kpi) });
}

function draw({ dimensions, total, window }, kpi) {
  const docs = (dimensions.step ?? []).toSorted((a, b) => ORDER.indexOf(keyOf(a)) - ORDER.indexOf(keyOf(b)));
  if (!docs.length || !docs.some((doc) => Number(doc.numerator))) return { note: noneOf({ total }) };
  const counts = docs.map((doc) => Number(doc.numerator ?? doc.n ?? 0));
  const rows = docs.map((doc, at) => ({ name: nameOf(doc), count: counts[at], rate: at ? doc.value : null, lost: at ? counts[at - 1] - counts[at] : null }));
  const worst = rows.slice(1).filter((row) => row.rate !== null && row.lost > 0).sort((a, b) => a.rate - b.rate)[0];
  return {
    takeaway: worst ? t("funnel.takeaway", { step: worst.name, rate: f.percent(worst.rate), total: total?.value ? f.percent(total.value, 2) : "–" }) : "",
    chart: chart(rows, kpi), rows, foot: windowFoot(window),
    columns: [
      { key: "name", label: dimensionName("step") },
      { key: "count", label: t("count"), num: true, show: (row) => f.whole(row.count) },
      { key: "rate", label: t("funnel.rate"), num: true, show: (row) => (row.rate === null ? "–" : f.percent(row.rate, 2)) },
      { key: "lost", label: t("funnel.lost"), num: true, show: (row) => (row.lost === null ? "–" : f.whole(row.lost)) },
    ],
  };
}

function chart(rows, kpi) {
  const steps = rows.map((row, at) => h("div", { class: "funnel-step" },
    h("div", { class: "name" }, row.name), h("div", { class: "count" }, f.whole(row.count)),
    h("div", { class: "rate" }, at ? [h("b", {}, row.rate === null ? "–" : f.percent(row.rate)), h("span", { class: "label" }, ` ${t("funnel.of_before")}`)] : "")));
  return h("a", { href: href({ ...leave, kpi }), "aria-label": t("open_kpi", { title: t("panel.funnel") }) }, h("div", { class: "funnel" }, steps), shape(rows.map((row) => row.count)));
}

/** A ribbon whose height is the count, on a root scale so that the last steps can still be seen. */
function shape(counts) {
  const [wide, high] = [1000, 120];
  const most = Math.max(...counts, 1);
  const size = (count) => Math.max((count / most) ** 0.5 * high, 2);
  const step = wide / counts.length;
  const edge = counts.map((count, at) => {
    const half = size(count) / 2;
    const next = size(counts[at + 1] ?? count) / 2;
    const [x, end, bend] = [at * step, (at + 1) * step, step * 0.45];
    const mid = high / 2;
    return `M${x} ${mid - half}C${x + bend} ${mid - half} ${end - bend} ${mid - next} ${end} ${mid - next}V${mid + next}C${end - bend} ${mid + next} ${x + bend} ${mid + half} ${x} ${mid + half}Z`;
  });
  return s("svg", { class: "funnel-shape", viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": t("funnel.shape", { counts: counts.map(f.whole).join(" → ") }) },
    edge.map((d, at) => s("path", { d, opacity: String(0.92 - at * 0.14) })));
}
