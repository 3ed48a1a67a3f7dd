// Series of a KPI: which buckets, and those of the period before for comparison.
import * as api from "./api.js";
import { store, zone } from "./store.js";

export const STEPS = ["hour", "day", "week", "month"];
const KEPT = { hour: 48, day: 400, week: 106, month: 37 };
const LEAST = { hour: 24, day: 30, week: 26, month: 13 };
const DAYS = { "15m": 1, "1h": 1, "24h": 1, today: 1, yesterday: 2, "7d": 7, week: 7, last_week: 14, "30d": 30, month: 31, last_month: 62, "90d": 90, quarter: 92, last_quarter: 184, "365d": 365, year: 365, last_year: 400, all: 400 };
const PER_DAY = { hour: 24, day: 1, week: 1 / 7, month: 1 / 30.4 };
const DAY = 86_400_000;

/** How many buckets of a step are drawn for a window. */
export const countOf = (step, window) => Math.min(Math.max(Math.ceil((DAYS[window] ?? 30) * PER_DAY[step]), LEAST[step]), KEPT[step]);

/** The step that suits a window. */
export const stepOf = (window, steps = STEPS) => {
  const wanted = (DAYS[window] ?? 30) <= 2 ? "hour" : (DAYS[window] ?? 30) <= 100 ? "day" : window === "all" ? "month" : "week";
  return steps.includes(wanted) ? wanted : steps.includes("day") ? "day" : steps[0] ?? "day";
};

const text = (ms) => new Date(ms).toISOString().slice(0, 10);
const today = () => Date.parse(`${new Intl.DateTimeFormat("en-CA", { timeZone: zone(), year: "numeric", month: "2-digit", day: "2-digit" }).format(api.now())}T00:00:00Z`);

/** The start of the bucket that runs now, and of the one so many before it, as the API names them. */
export function bucketBack(step, back) {
  if (step === "hour") return `${new Date(Math.floor(api.now() / 3_600_000) * 3_600_000 - back * 3_600_000).toISOString().slice(0, 13)}Z`;
  const day = today();
  if (step === "day") return text(day - back * DAY);
  const at = new Date(day);
  if (step === "week") return text(day - ((at.getUTCDay() + 6) % 7) * DAY - back * 7 * DAY);
  return text(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - back, 1)).slice(0, 7);
}

/** {buckets, values, n, status, before, running, segment}: `before` has the values as many buckets earlier, or null. */
export async function load(kpi, { step, window, segment = {}, compare = true }, signal) {
  const count = countOf(step, window);
  const both = compare && count * 2 <= KEPT[step] ? count * 2 : count;
  const found = await api.of(store.tenant, kpi, "series", { step, from: bucketBack(step, both - 1), to: bucketBack(step, 0), segment: api.segmentText(segment) }, { signal });
  const one = found.series?.[0] ?? {};
  const cut = Math.max((found.buckets ?? []).length - count, 0);
  const values = numbers(one.values);
  return {
    step, unit: found.unit, buckets: (found.buckets ?? []).slice(cut), values: values.slice(cut), raw: (one.values ?? []).slice(cut), n: (one.n ?? []).slice(cut), status: (one.status ?? []).slice(cut),
    before: cut && both > count ? before(values, cut, count, null) : null, earlier: before(found.buckets ?? [], cut, count, ""), running: found.running !== false,
  };
}

/** Whether the status of a bucket is worth a word beside its value: few observations, an incomplete bucket. */
export const unsure = (status) => status === "low_n" || status === "partial";

/** So many as stand before `cut`, each under the one it is compared with: what is missing is missing in front. */
function before(list, cut, count, none) {
  const found = list.slice(Math.max(cut - count, 0), cut);
  const missing = Math.min(count, list.length - cut) - found.length;
  return [...Array(Math.max(missing, 0)).fill(none), ...found];
}

/** Values as numbers for drawing; null is a gap. */
export const numbers = (values = []) => values.map((one) => (one === null || one === "" ? null : Number(one)));
