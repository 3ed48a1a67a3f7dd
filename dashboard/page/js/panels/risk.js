// Customers at risk: detractors, open tickets, those who went quiet, merged by subject, each with its reasons.
import * as api from "../api.js";
import { h } from "../dom.js";
import { subjectName, t } from "../i18n.js";
import * as f from "../format.js";
import { panel } from "../panel.js";
import { href } from "../url.js";
import { windowOf } from "../fallback.js";
import { store, zone } from "../store.js";

const REASONS = {
  detractor_share: { key: "risk.detractor", holds: (one) => one.numerator !== 0, weight: 3 },
  customer_churn_rate_inactivity: { key: "risk.quiet", holds: (one) => one.numerator !== 0, weight: 3 },
  tickets_opened: { key: "risk.ticket", holds: (one) => one.state !== "resolved", weight: 1 },
  mrr_contraction: { key: "risk.contraction", holds: () => true, weight: 2 },
  mrr_churn: { key: "risk.churn", holds: () => true, weight: 4 },
};
const SHOWN = 12;

export function risk() {
  return panel({ title: t("panel.risk"), name: "customers_at_risk", size: "half", load, draw, flush: true, twin: false, every: 30_000 });
}

async function load(signal) {
  const kpis = Object.keys(REASONS);
  const found = await Promise.allSettled(kpis.map((kpi) => api.of(store.tenant, kpi, "members", { window: windowOf(kpi), limit: 500 }, { signal })));
  const answered = found.some((one) => one.status === "fulfilled");
  if (!answered) throw found[0].reason;
  return kpis.map((kpi, at) => ({ kpi, members: (found[at].value?.members ?? []).map((one) => (kpi.startsWith("mrr_") ? { ...one, amount: one.amount ?? one.numerator } : one)) }));
}

/** One row a subject: {subject, title, reasons: {key: count}, amount, time, weight}, the most reasons first. */
export function merge(lists) {
  const rows = new Map();
  for (const { kpi, members } of lists) {
    const reason = REASONS[kpi];
    for (const one of members) {
      if (!reason.holds(one)) continue;
      const subject = one.subject ?? one.id;
      if (!rows.has(subject)) rows.set(subject, { subject, title: subjectName(subject), reasons: {}, owner: null, amount: null, currency: null, time: 0, weight: 0 });
      const row = rows.get(subject);
      if (!(reason.key in row.reasons)) row.weight += reason.weight;
      row.reasons[reason.key] = (row.reasons[reason.key] ?? 0) + 1;
      if (one.amount && (!row.currency || row.currency === one.currency)) Object.assign(row, { amount: Math.max(Number(row.amount ?? 0), Number(one.amount)), currency: one.currency ?? null });
      row.owner ??= one.owner ?? null;
      row.time = Math.max(row.time, Date.parse(one.time ?? "") || 0);
    }
  }
  return [...rows.values()].sort((a, b) => b.weight - a.weight || Number(b.amount ?? 0) - Number(a.amount ?? 0) || b.time - a.time);
}

const currency = () => store.tenants.find((one) => one.tenant === store.tenant)?.currency;

function draw(lists) {
  const all = merge(lists);
  if (!all.length) return { note: t("risk.none") };
  const why = (row) => h("span", { class: "row" }, Object.entries(row.reasons).map(([key, count]) => h("span", { class: `chip ${["risk.churn", "risk.detractor", "risk.quiet"].includes(key) ? "bad" : "warn"}` }, count > 1 ? `${t(key)} × ${f.whole(count)}` : t(key))));
  return {
    takeaway: t("risk.takeaway", { count: all.length, n: f.whole(all.length) }), rows: all.slice(0, SHOWN),
    columns: [
      { key: "subject", label: t("members.subject"), show: (row) => h("a", { href: href({ subject: row.subject }) }, row.title) },
      { key: "why", label: t("risk.why"), show: why, raw: (row) => Object.keys(row.reasons).map((key) => t(key)).join("; ") },
      ...(all.some((row) => row.owner) ? [{ key: "owner", label: t("dimension.owner") }] : []),
      { key: "amount", label: t("members.amount"), num: true, show: (row) => (row.amount ? f.text(row.amount, { unit: "money", currency: row.currency ?? currency() }) : "–") },
      { key: "time", label: t("risk.last"), num: true, show: (row) => (row.time ? f.dayShort(row.time, zone()) : "–") },
    ],
  };
}
