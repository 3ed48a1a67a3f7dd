// One customer's timeline, newest first, in a drawer; the URL says whose.
import * as api from "./api.js";
import { h, swap } from "./dom.js";
import { dimensionName, has, segmentName, subjectName, t } from "./i18n.js";
import * as f from "./format.js";
import { go, read } from "./url.js";
import { dialog } from "./info.js";
import { store, zone } from "./store.js";

let shown = null;

/** Opens, changes or closes the drawer, as the URL says. */
export async function follow(subject) {
  if (shown?.subject === subject) return;
  const before = shown;
  shown = null;
  before?.box.close();
  if (!subject) return;
  const { box, body } = dialog(subjectName(subject), { klass: "drawer", onclose: () => { if (shown?.box === box) { shown = null; if (read().subject) go({ subject: null }); } } });
  shown = { subject, box };
  body.className = "";
  swap(body, h("p", { class: "panel-note" }, t("loading")));
  try {
    swap(body, draw(await api.timeline(store.tenant, subject)));
  } catch (error) {
    swap(body, h("p", { class: "panel-note" }, error.message));
  }
}

function draw({ ids = [], traits = {}, owner, since, facts = [], more }) {
  const chips = [
    owner && h("span", { class: "chip accent" }, t("timeline.owner", { owner })), since && h("span", { class: "chip" }, t("timeline.since", { day: f.dayShort(Date.parse(since), zone()) })),
    ...Object.entries(traits ?? {}).filter(([key]) => key !== "owner").slice(0, 12).map(([key, value]) => h("span", { class: "chip" }, `${dimensionName(key)}: ${segmentName(value, key)}`)), ids.length > 1 && h("span", { class: "chip", title: ids.join(", ") }, t("timeline.ids", { count: ids.length, n: ids.length })),
  ];
  if (!facts.length) return [h("div", { class: "traits" }, chips), h("p", { class: "panel-note" }, t("timeline.none"))];
  const list = [];
  let day = null;
  for (const fact of facts) {
    const at = Date.parse(fact.time);
    const named = f.day(at, zone());
    if (named !== day) list.push(h("h3", { class: "day-head" }, (day = named)));
    const amount = fact.amount ? f.text(fact.amount, { unit: "money", currency: fact.currency }, { long: true }) : "";
    list.push(h("div", { class: "fact" }, h("div", { class: "what" }, said(fact)), h("div", { class: "num" }, amount),
      h("div", { class: "when" }, [f.clock(at, zone()), fact.channel, fact.deal].filter(Boolean).join(" · "))));
  }
  return [h("div", { class: "traits" }, chips), h("div", { class: "facts-list" }, list, more ? h("p", { class: "muted" }, t("timeline.more")) : "")];
}

/** What a fact says, in the page's language; one that is new to the page, in English. */
function said({ fact, values = {}, mood, text, type }) {
  if (!has(`fact.${fact}`)) return text || String(type ?? "").replace(/^crm\./, "").replaceAll(/[._]/g, " ");
  const stage = values.stage && segmentName(values.stage, "stage");
  const words = t(`fact.${fact}`, stage ? { ...values, stage } : values);
  return has(`mood.${mood}`) ? `${words} (${t(`mood.${mood}`)})` : words;
}
