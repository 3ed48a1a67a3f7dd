// How far a number is from its target: in words with an icon, with hysteresis, so that it does not flicker at the edge.
import { t } from "./i18n.js";

const SLACK = 0.03; // by so much it has to fall behind before its state turns
const GOOD = { reached: "ok", on_pace: "ok", behind: "warn", off: "warn", missed: "warn" };
const states = new Map();

/** {state, icon, word, share, due} of a document with a target, or null. Shares are of the target, from 0 to 1. */
export function aimOf(doc) {
  const target = doc?.target;
  if (!target || doc.value === null || doc.value === undefined) return null;
  const key = `${doc.kpi} ${doc.window} ${JSON.stringify(doc.segment ?? {})}`;
  const state = stateOf(doc, target, states.get(key));
  states.set(key, state);
  const clip = (share) => Math.min(Math.max(share ?? 0, 0), 1);
  return { state, icon: GOOD[state], word: t(`aim.${state}`), share: clip(target.attainment ?? (state === "reached" ? 1 : 0)), due: target.elapsed ?? null };
}

function stateOf(doc, target, before) {
  const paced = typeof target.elapsed === "number";
  const floor = ["reached", "on_pace"].includes(before) ? 1 - SLACK : 1;
  const lower = doc.direction === "down";
  const [value, wanted] = [Number(doc.value), Number(target.value)];
  if (paced && !lower) return value >= wanted ? "reached" : (target.pace ?? 0) >= floor ? "on_pace" : "behind";
  // Of what should be low the limit is not reached before the end: until then it is kept or not.
  if (paced) return value <= wanted && (target.pace === null || target.pace >= floor) ? "on_pace" : value > wanted ? "off" : "behind";
  const kept = target.attainment === null ? (lower ? value <= wanted : value >= wanted) : target.attainment >= (doc.state === "live" ? floor : 1);
  return kept ? "reached" : doc.state === "live" ? "off" : "missed";
}

const UNITS = { today: "day", yesterday: "day", week: "week", last_week: "week", month: "month", last_month: "month", quarter: "quarter", last_quarter: "quarter", year: "year", last_year: "year" };
const DAYS = { hour: 1 / 24, day: 1, week: 7, month: 30.44, quarter: 91.31, year: 365.24 };

/** Where a chart in steps draws its line: {value, pace}; pace: the part of the target that is due in a step. Null: nowhere. */
export function lineOf(doc, step, grows) {
  const wanted = doc?.target ? Number(doc.target.value) : NaN;
  if (!Number.isFinite(wanted)) return null;
  if (!grows && typeof doc.target.elapsed !== "number") return { value: wanted, pace: false };
  const unit = UNITS[doc.window];
  if (unit === step) return { value: wanted, pace: false };
  return unit && DAYS[step] < DAYS[unit] ? { value: (wanted * DAYS[step]) / DAYS[unit], pace: true } : null;
}
