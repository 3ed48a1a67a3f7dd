// The change against the period before: like with like, in words, with an arrow, coloured by what is better.
import { t } from "./i18n.js";
import * as f from "./format.js";
import { store } from "./store.js";

const TREND = { previous: "trend", previous_year: "trend_year" };
const POINTS = new Set(["ratio", "index"]);

/** {arrow, amount, word, tone, was} of a document, or null when there is nothing to compare with. */
export function changeOf(doc, against = "previous") {
  const before = doc?.[against];
  if (doc?.value === null || doc?.value === undefined || before === null || before === undefined || before === "") return null;
  const [now, then] = [Number(doc.value), Number(before)];
  const step = now - then;
  const amount = amountOf(step, then, doc);
  const same = step === 0;
  const way = doc.direction ?? store.catalog.get(doc.kpi)?.direction ?? "neither";
  const noise = doc[TREND[against]]?.changed === false; // no more than chance would bring
  const tone = same || noise || way === "neither" ? "plain" : step > 0 === (way === "up") ? "good" : "bad";
  const word = noise && !same ? t("change.noise") : same ? t("change.same") : way === "neither" ? t(step > 0 ? "change.higher" : "change.lower") : t(tone === "good" ? "change.better" : "change.worse");
  return { arrow: same ? "→" : step > 0 ? "↑" : "↓", amount: same ? "" : amount, word, tone, was: f.text(before, doc), up: step > 0, same };
}

function amountOf(step, then, doc) {
  if (POINTS.has(doc.unit)) {
    const times = doc.unit === "ratio" ? 100 : 1;
    if (doc.unit === "ratio" && /^(return_on_ad_spend|quick_ratio)/.test(doc.kpi)) return f.plain(Math.abs(step));
    return t("change.points", { points: f.plain(Math.abs(step * times), f.fine(Math.abs(step * times))) });
  }
  if (then === 0) return f.text(String(Math.abs(step)), doc);
  const share = Math.abs(step / then);
  return share >= 10 ? t("change.times", { times: f.plain(share + 1, 0) }) : f.percent(share, share >= 1 ? 0 : f.fine(share * 100), { fixed: false });
}

/** The whole change as a sentence, for screen readers and takeaways. */
export function sentence(doc, against = "previous") {
  const found = changeOf(doc, against);
  if (!found) return t("change.none");
  if (found.same) return t("change.sentence.same", { was: found.was });
  return t(found.up ? "change.sentence.up" : "change.sentence.down", { amount: found.amount, word: found.word, was: found.was });
}
