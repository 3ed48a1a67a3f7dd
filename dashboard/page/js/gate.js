// Instead of the numbers: the server cannot be reached, or wants a token.
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** A card that says what is wrong and what to do. `again` tries anew. */
export function gate(problem, again) {
  const locked = [401, 403].includes(problem.status);
  const field = h("input", { class: "field", type: "password", "aria-label": t("gate.token"), placeholder: t("gate.token"), autocomplete: "current-password", required: true });
  const enter = (event) => { event.preventDefault(); location.search = `?token=${encodeURIComponent(field.value)}`; };
  return h("section", { class: "card gate" }, h("h1", {}, t(locked ? "gate.locked" : problem.status === 404 ? "welcome.title" : "gate.away")), h("p", { class: "muted" }, problem.message),
    locked ? h("form", { class: "stack", onsubmit: enter }, field, h("button", { class: "button primary" }, t("gate.enter"))) : again && h("p", {}, h("button", { type: "button", class: "button primary", onclick: again }, t("gate.again")), problem.status === 404 && h("a", { class: "button", href: "./?tenant=default&view=connect" }, t("connect"))));
}
