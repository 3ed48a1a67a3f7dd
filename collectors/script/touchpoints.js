// docs/collect.md
(() => {
const D = document, L = location, N = navigator, W = window, S = D.currentScript, key = S?.dataset.key, told = W.touchpoints || []
if (!key || told.track) return
const url = new URL("/v1/batch", S.src).href, begun = new WeakSet, no = N.globalPrivacyControl
let said = "none", queue = [], id, user, timer, last
const now = () => new Date().toJSON()
const uid = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), n => n.toString(36)).join("-")
const store = (does, value) => { try { return sessionStorage[does]("touchpoints", value) } catch {} }
const here = () => L.href.replace(/#(?!\/).*/, "")
const shown = referrer => ({ url: here(), path: L.pathname, title: D.title, referrer })
const flush = () => {
 timer = clearTimeout(timer)
 const body = JSON.stringify({ writeKey: key, sentAt: now(), batch: queue })
 queue[0] && (N.sendBeacon?.(url, body) || fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {}))
 queue = []
}
const later = () => timer ||= setTimeout(flush, 2e3)
const add = (type, more) => {
 if (no || said == "denied") return
 const context = { consent: said, locale: N.language, userAgent: N.userAgent, page: shown(D.referrer), sessionId: id }
 said == "none" || later()
 queue.push({ type, messageId: uid(), timestamp: now(), context, anonymousId: id, userId: id && user, ...more }) > 9 && flush()
}
const track = (event, properties) => add("track", { event, properties })
const page = () => {
 add("page", { properties: shown(last || D.referrer) })
 last = here()
}
const view = () => here() == last || page()
const T = W.touchpoints = {
 track, page, flush,
 identify(name, traits) {
  user = name
  id && add("identify", { traits })
 },
 consent(yes, old) {
  if (!yes) {
   said = "denied"
   queue = []
   id = user = store("removeItem")
  } else if (!id && !no) {
   said = "granted"
   store("setItem", id = old || uid())
   queue.map(e => { e.userId = user; e.anonymousId = e.context.sessionId = id; e.context.consent = said })
   later()
  }
 },
 push: ([name, ...more]) => T[name](...more)
}
const on = (what, does, where = D) => where.addEventListener(what, does, true)
const click = e => {
 const a = e.target.closest?.("a[href],[data-track]"), event = a?.dataset.track
 if (!a || e.button > 1) return
 const link_url = /^http/.test(a.href) ? a.href : void 0
 if (event || link_url && (event == "" || a.host != L.host)) track(event || "Link Clicked", { link_url })
}
const form = (f, event) => track(event, { form_id: f.getAttribute("id") || f.getAttribute("name") || "form-" + [...D.forms].indexOf(f) })
on("click", click)
on("auxclick", click)
on("input", e => {
 const f = e.target.form
 f && !begun.has(f) && form(f, "Form Started", begun.add(f))
})
on("submit", e => form(e.target, "Form Submitted"))
on("visibilitychange", () => D.hidden && flush())
on("pagehide", flush, W)
on("popstate", () => setTimeout(view), W)
const push = history.pushState
history.pushState = function () {
 push.apply(this, arguments)
 setTimeout(view)
}
const old = store("getItem")
old && T.consent(1, old)
told.map?.(T.push)
D.prerendering ? on("prerenderingchange", view) : view()
})()
