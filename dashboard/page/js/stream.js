// Server-sent events over fetch: unlike EventSource this resumes with Last-Event-ID after any failure, and can be told
// apart (refused, gone, silent). After three failures in a row the snapshot is polled until a stream holds again.
import { ROOT, learnClock, snapshot } from "./api.js";

const SILENT_MS = 40_000; // a status comes at least each 15 s
const POLL_MS = 5_000;

/** Splits a text of SSE into [events, rest]. */
export function parse(text) {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop();
  const events = [];
  for (const block of blocks) {
    const found = { event: "message", data: "" };
    for (const line of block.split(/\r?\n/)) {
      const at = line.indexOf(":");
      if (at < 1) continue;
      const value = line.slice(at + 1).replace(/^ /, "");
      const name = line.slice(0, at);
      if (name === "data") found.data += (found.data ? "\n" : "") + value;
      else found[name] = value;
    }
    events.push(found);
  }
  return [events, rest];
}

/** Follows one tenant and window. `on`: snapshot(body), documents(body), status(body), state("live"|"polling"|"offline", problem). */
export class Stream {
  constructor(tenant, window, on) {
    Object.assign(this, { tenant, window, on, last: null, failures: 0, stopped: true });
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.#loop();
  }

  stop() {
    this.stopped = true;
    this.abort?.abort();
    clearTimeout(this.timer);
    this.wake?.();
  }

  async #loop() {
    const mine = (this.turn = (this.turn ?? 0) + 1);
    while (!this.stopped && mine === this.turn) {
      let problem = null;
      try {
        await this.#follow();
      } catch (error) {
        problem = error;
      }
      if (this.stopped || mine !== this.turn) return;
      this.failures += 1;
      this.on.state(this.failures >= 3 ? "polling" : "reconnecting", problem);
      if (this.failures >= 3) await this.#poll();
      await this.#sleep(this.failures >= 3 ? POLL_MS : Math.min(250 * 2 ** this.failures, 4000) * (0.7 + 0.6 * Math.random()));
    }
  }

  async #follow() {
    this.abort = new AbortController();
    const headers = { accept: "text/event-stream" };
    if (this.last) headers["last-event-id"] = this.last;
    const url = `${ROOT}/${encodeURIComponent(this.tenant)}/stream?window=${encodeURIComponent(this.window)}`;
    const answer = await fetch(url, { headers, signal: this.abort.signal, credentials: "same-origin", cache: "no-store" });
    learnClock(answer);
    if (!answer.ok) throw Object.assign(new Error(`stream: ${answer.status}`), { status: answer.status });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const silent = setTimeout(() => this.abort.abort(), SILENT_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silent));
      if (done) return;
      let events;
      [events, rest] = parse(rest + value);
      for (const one of events) this.#take(one);
    }
  }

  #take({ event, data, id }) {
    if (id) this.last = id;
    if (!data) return;
    this.failures = 0;
    this.on.state("live", null);
    const body = JSON.parse(data);
    if (event in this.on && event !== "state") this.on[event](body);
  }

  async #poll() {
    try {
      this.on.snapshot(await snapshot(this.tenant, this.window));
    } catch (error) {
      this.on.state("offline", error);
    }
  }

  #sleep(ms) {
    return new Promise((resolve) => { this.wake = resolve; this.timer = setTimeout(resolve, ms); });
  }
}
