// The events of a company as they arrive. A dropped stream is opened anew and begins with the newest events again.
import { address, learnClock } from "./api.js";
import { parse } from "./stream.js";

const SILENT_MS = 20_000; // a ping comes each 5 s
const HIDDEN_MS = 10_000;
const LONGEST_MS = 8_000;

/** Follows `tenant`. `on`: recent({events}), events({events, left_out}), status({reason}). Returns what ends it. */
export function tail(tenant, on) {
  const state = { abort: null, ended: false, failures: 0, timer: null, hidden: null };

  async function follow() {
    const abort = (state.abort = new AbortController());
    try {
      await read(abort);
    } catch (error) {
      if (abort.signal.aborted && abort.signal.reason !== "silent") return;
      state.failures += 1;
      if (state.failures > 1) on.status({ reason: error.message });
    }
    if (state.ended || state.abort !== abort) return;
    state.timer = setTimeout(follow, Math.min(500 * 2 ** state.failures, LONGEST_MS));
  }

  async function read(abort) {
    const answer = await fetch(address(`/${encodeURIComponent(tenant)}/events/stream`), { headers: { accept: "text/event-stream" }, signal: abort.signal, credentials: "same-origin", cache: "no-store" });
    learnClock(answer);
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const silent = setTimeout(() => abort.abort("silent"), SILENT_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silent));
      if (done) return;
      let events;
      [events, rest] = parse(rest + value);
      for (const { event, data } of events) if (data) { state.failures = 0; on[event]?.(JSON.parse(data)); }
    }
  }

  const stop = () => { clearTimeout(state.timer); state.abort?.abort(); state.abort = null; };
  function seen() {
    clearTimeout(state.hidden);
    if (document.hidden) state.hidden = setTimeout(stop, HIDDEN_MS); // hidden pages hold no connection
    else if (!state.abort) follow();
  }
  document.addEventListener("visibilitychange", seen);
  follow();
  return () => { state.ended = true; clearTimeout(state.hidden); document.removeEventListener("visibilitychange", seen); stop(); };
}
