// All state of the page is in the query, so a link shows what its sender saw and Back goes back.
const DEFAULTS = { board: "sales", window: "30d" };
const KEYS = ["tenant", "board", "own", "window", "kpi", "segment", "step", "style", "compare", "zero", "rows", "columns", "subject", "offset", "as_of", "view", "tab", "tv"];
const listeners = [];

/** The state: a string for each key, or undefined. */
export function read(search = location.search) {
  const query = new URLSearchParams(search);
  const state = { ...DEFAULTS };
  for (const key of KEYS) if (query.get(key)) state[key] = query.get(key);
  return state;
}

/** The address of the present state with changes; undefined or null takes a key out. */
export function href(changes = {}, base = read()) {
  const state = { ...base, ...("window" in changes ? { as_of: null } : {}), ...changes }; // a moment belongs to its window
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = state[key];
    if (value !== undefined && value !== null && value !== "" && (value !== DEFAULTS[key])) query.set(key, value);
  }
  const text = query.toString().replaceAll("%3A", ":");
  return text ? `?${text}` : "./";
}

/** Changes that take the reader to another board or KPI: what belongs to one KPI only goes. */
export const leave = { kpi: null, segment: null, subject: null, offset: null, rows: null, columns: null, step: null, as_of: null, view: null, tab: null };

/** Goes to a state. `replace`: without an entry in the history. */
export function go(changes, { replace = false } = {}) {
  const target = href(changes);
  history[replace ? "replaceState" : "pushState"](null, "", target);
  tell();
}

/** Calls `listener(state, before)` after every change. */
export const onChange = (listener) => listeners.push(listener);

let last = read();
function tell() {
  const before = last;
  last = read();
  for (const listener of listeners) listener(last, before);
}

/** The segment `dimension:value` as an object, `{}` for none. */
export function segmentOf(state) {
  const [dimension, ...rest] = (state.segment ?? "").split(":");
  const value = rest.join(":");
  return dimension && rest.length ? { [dimension]: dimension === "cohort" ? value.replace(" ", "+") : value } : {}; // a typed + is read as a blank
}

/** Follows Back, Forward, and every link of our own. Drops a token from the address: a cookie holds it now. */
export function start() {
  addEventListener("popstate", tell);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = link.getAttribute("href");
    if (!target.startsWith("?") && target !== "./") return;
    event.preventDefault();
    history.pushState(null, "", target);
    tell();
  });
  const query = new URLSearchParams(location.search);
  if (query.has("token")) { query.delete("token"); history.replaceState(null, "", `?${query}`); }
  last = read();
}
