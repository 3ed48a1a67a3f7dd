// Numbers, money, durations and dates by Intl in the language of the page. Amounts stay decimal text: never floats.
import { locale, t } from "./i18n.js";

const cache = new Map();
const TIMES = /^(return_on_ad_spend|quick_ratio)/; // ratios that people read as "3.1 times", not as 310 %

function numbers(options) {
  const key = locale + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(locale, options));
  return cache.get(key);
}

export const whole = (value) => numbers({ maximumFractionDigits: 0 }).format(value);
export const plain = (value, digits = 2) => numbers({ maximumFractionDigits: digits }).format(value);
/** A share; one digit always, so that columns align and live numbers keep their width; 0 and 100 % have none. */
export const percent = (value, digits = 1, { fixed = true } = {}) => numbers({ style: "percent", maximumFractionDigits: digits, minimumFractionDigits: fixed && ![0, 1].includes(Number(value)) ? digits : 0 }).format(value);
export const compact = (value) => numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value);

/** Always so many digits after the point: live numbers keep their width. */
const digits = (count) => ({ maximumFractionDigits: count, minimumFractionDigits: count });

function unit(value, name, count) {
  return [numbers({ style: "unit", unit: name, unitDisplay: "short", ...digits(Number(value) === 0 ? 0 : count) }), value];
}

function duration(seconds, round = false) {
  const size = Math.abs(seconds);
  if (size < 120) return unit(seconds, "second", size < 10 && !round ? 1 : 0);
  if (size < 7200) return unit(seconds / 60, "minute", 0);
  return size < 172800 ? unit(seconds / 3600, "hour", 1) : unit(seconds / 86400, "day", 1);
}

function money(value, currency, long) {
  const size = Math.abs(Number(value));
  const places = long || (size < 1000 && size % 1 !== 0) ? undefined : 0;
  const shape = !long && size >= 1e7 ? { notation: "compact", maximumFractionDigits: 1 } : places === undefined ? {} : { maximumFractionDigits: 0 };
  if (!currency) return [numbers({ maximumFractionDigits: 2, ...shape }), value];
  return [numbers({ style: "currency", currency, currencyDisplay: "narrowSymbol", ...shape }), value];
}

/** Digits after the point that keep a small number from looking like 0: 1 for 0.27, 2 for 0.034. */
export const fine = (size) => (size === 0 || size >= 0.995 ? 1 : Math.min(Math.ceil(-Math.log10(size)) + 1, 4));

/** The format of a value, and the value as that format wants it. */
function shaped(value, doc, long) {
  const size = Math.abs(Number(value));
  switch (doc.unit) {
    case "ratio":
      if (TIMES.test(doc.kpi ?? "")) return [numbers(digits(2)), value];
      return [numbers({ style: "percent", ...(long ? { maximumFractionDigits: 3 } : digits([0, 1].includes(size) || size >= 10 ? 0 : fine(size * 100))) }), value];
    case "money": case "money/day": return money(value, doc.currency, long);
    case "days": return unit(value, "day", size >= 100 ? 0 : 1);
    case "hours": return unit(value, "hour", size >= 100 ? 0 : 1);
    case "seconds": return duration(Number(value));
    case "count": return [numbers(!long && size >= 1e7 ? { notation: "compact", maximumFractionDigits: 1 } : { maximumFractionDigits: 0 }), value];
    case "index": return [numbers({ ...digits(size === 0 ? 0 : fine(size)), signDisplay: "exceptZero" }), value];
    default: return [numbers(digits(size === 0 ? 0 : 2)), value];
  }
}

const tail = (doc) => (doc.unit === "money/day" ? t("unit.per_day") : doc.unit === "ratio" && TIMES.test(doc.kpi ?? "") ? "×" : "");

/** A value of a document as text; null is a dash. `long` shows every digit of an amount. */
export function text(value, doc, { long = false } = {}) {
  if (value === null || value === undefined || value === "") return "–";
  const [format, number] = shaped(value, doc, long);
  return format.format(number) + tail(doc);
}

/** The same in pieces, [text, is a unit], so that a unit can be set smaller. */
export function pieces(value, doc) {
  const [format, number] = shaped(value, doc, false);
  const parts = format.formatToParts(number).map(({ type, value: one }) => [one, ["currency", "percentSign", "unit", "compact"].includes(type)]);
  return tail(doc) ? [...parts, [tail(doc), true]] : parts;
}

function dates(options) {
  const key = `d${locale}${JSON.stringify(options)}`;
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat(locale, options));
  return cache.get(key);
}

/** A short label of a bucket: `2026-11-14`, `2026-11` or `2026-11-14T13Z` (an hour, in `zone`). */
export function bucket(name, step, zone = "UTC", { full = false, tight = false } = {}) {
  const year = full ? { year: "numeric" } : {};
  if (step === "month" && tight) return dates(name.endsWith("-01") ? { year: "numeric", timeZone: "UTC" } : { month: "short", timeZone: "UTC" }).format(new Date(`${name}-01T00:00:00Z`));
  if (step === "month") return dates({ month: full ? "long" : "short", year: full ? "numeric" : "2-digit", timeZone: "UTC" }).format(new Date(`${name}-01T00:00:00Z`));
  if (step === "hour") {
    const day = full ? { weekday: "short", day: "numeric", month: "short" } : {};
    return dates({ ...day, hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(name.replace(/Z$/, ":00:00Z")));
  }
  const shown = dates({ day: "numeric", month: "short", ...(full && step === "day" ? { weekday: "short" } : {}), ...year, timeZone: "UTC" }).format(new Date(`${name}T00:00:00Z`));
  return full && step === "week" ? t("week_of", { day: shown }) : shown;
}

/** Time of day, in the tenant's time zone. */
export const clock = (instant, zone, seconds = false) => dates({ hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}), timeZone: zone }).format(instant);
/** Day and time. */
export const moment = (instant, zone) => dates({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone }).format(instant);
/** A whole day. */
export const day = (instant, zone) => dates({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: zone }).format(instant);
/** A short day. */
export const dayShort = (instant, zone) => dates({ day: "numeric", month: "short", timeZone: zone }).format(instant);
/** From one day to another, in as few words as the language needs. */
export const days = (from, to, zone) => dates({ day: "numeric", month: "short", year: "numeric", timeZone: zone }).formatRange(from, to);
/** A length of time in words; `round`: in whole seconds. */
export const span = (seconds, round = false) => { const [format, value] = duration(seconds, round); return format.format(value); };
