// The words of the page: one JSON file a language, each complete (a test compares them).
export const LANGUAGES = { en: "English", fi: "Suomi", it: "Italiano", uk: "Українська", sw: "Kiswahili" };
const KEPT = "crmkpi.language";
let words = {};
let plural = new Intl.PluralRules("en");
export let language = "en";
export let locale = "en-GB"; // of numbers and dates: the browser's own kind of the language where it has one

/** The language asked for in the URL, chosen before, or preferred by the browser. */
export function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  let kept = null;
  try { kept = localStorage.getItem(KEPT); } catch { /* storage is off */ }
  const wanted = [asked, kept, ...navigator.languages.map((one) => one.slice(0, 2))];
  return wanted.find((one) => one && one in LANGUAGES) ?? "en";
}

/** Loads a language; the page is then drawn again by the caller. */
export async function load(code, { keep = false } = {}) {
  words = await read(code);
  language = code;
  locale = navigator.languages.find((one) => one === code || one.startsWith(`${code}-`)) ?? (code === "en" ? "en-GB" : code);
  plural = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  if (keep) try { localStorage.setItem(KEPT, code); } catch { /* holds until the page is closed */ }
}

async function read(code) {
  const answer = await fetch(`/static/lang/${code}.json`);
  if (!answer.ok) throw new Error(`language ${code}: ${answer.status}`);
  return answer.json();
}

/** A text with `{names}` filled in; `{one, few, many, other}` is chosen by `vars.count`. */
export function t(key, vars = {}) {
  let text = words[key] ?? key;
  if (typeof text === "object") text = text[plural.select(vars.count ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => vars[name] ?? whole);
}

/** Whether there is a text of this key. */
export const has = (key) => key in words;

/** What a KPI is called: our translation, or the title that came with it. */
export function kpiTitle(id, title) {
  return words[`kpi.${id}`] ?? title ?? id.replaceAll("_", " ");
}

/** A value of a dimension in words. */
export function segmentName(value, dimension = "") {
  if (value === "unknown") return t("segment.unknown");
  if (value === "__other__") return t("segment.other");
  if (dimension === "country" && /^[A-Z]{2}$/.test(value)) return new Intl.DisplayNames(language, { type: "region" }).of(value);
  return has(`value.${value}`) ? t(`value.${value}`) : String(value);
}

/** A subject's id without the kind of id before it: `customer:c-1` is `c-1`. */
export const subjectName = (id) => String(id).replace(/^[a-z_]+:(?=.)/, "");

/** A dimension's name in words. */
export const dimensionName = (name) => (has(`dimension.${name}`) ? t(`dimension.${name}`) : name.replaceAll("_", " "));

/** A window's name in words; `short` for narrow buttons. */
export const windowName = (name, short = false) => t(short && has(`window.short.${name}`) ? `window.short.${name}` : `window.${name}`);
