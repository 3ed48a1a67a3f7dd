// A tenant without any event: the next step, ready to copy.
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { href, leave } from "./url.js";
import { store } from "./store.js";

export function welcome() {
  const line = `crmkpi send --tenant ${store.tenant} --type crm.deal.won --data '{"deal_id": "D-1", "amount": 1290.50, "currency": "EUR"}'`;
  const copy = h("button", { type: "button", class: "button", onclick: async () => { await navigator.clipboard.writeText(line); copy.textContent = t("copied"); } }, t("copy"));
  return h("section", { class: "card welcome", "aria-label": t("welcome.title") }, h("h2", {}, t("welcome.title")), h("p", { class: "muted" }, t("welcome.text")), h("div", { class: "line" }, h("pre", {}, line), copy), h("p", {}, h("a", { href: href({ ...leave, view: "connect" }) }, t("connect.text"))));
}
