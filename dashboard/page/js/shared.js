// One stream for all tabs of a tenant and window: the tab that holds the lock follows it and passes on what it hears. When
// that tab is closed, hidden for long or paused, the next one follows. Where a browser has no locks, each tab follows.
import { Stream } from "./stream.js";

const SHARES = Boolean(globalThis.navigator?.locks && globalThis.BroadcastChannel);

/** A `Stream`, shared. */
export class Shared {
  constructor(tenant, window, on) {
    Object.assign(this, { name: `crmkpi ${tenant} ${window}`, on, docs: new Map(), head: null, link: null });
    const passed = (kind) => (...args) => {
      this.#keep(kind, ...args);
      this.channel?.postMessage({ kind, args: args.map((one) => (one instanceof Error ? { message: one.message, status: one.status } : one)) });
      on[kind](...args);
    };
    this.stream = new Stream(tenant, window, Object.fromEntries(Object.keys(on).map((kind) => [kind, passed(kind)])));
  }

  start() {
    if (this.turn) return;
    const turn = (this.turn = new AbortController());
    if (!SHARES) return void this.stream.start();
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.#heard(data);
    this.channel.postMessage({ kind: "ask" });
    navigator.locks.request(this.name, { signal: turn.signal }, () => turn.signal.aborted || new Promise((free) => {
      Object.assign(this, { free, leads: true });
      this.stream.start();
    })).catch((error) => { if (error.name !== "AbortError") this.stream.start(); });
  }

  stop() {
    this.turn?.abort();
    this.free?.();
    this.channel?.close();
    this.stream.stop();
    Object.assign(this, { turn: null, free: null, channel: null, leads: false, head: null });
  }

  /** What a tab that comes later needs to know at once. */
  #keep(kind, body) {
    if (kind === "state") this.link = body;
    if (kind === "snapshot") this.docs.clear();
    if (kind === "snapshot" || kind === "documents") {
      for (const doc of body.documents ?? []) this.docs.set(doc.kpi, doc);
      for (const kpi of body.gone ?? []) this.docs.delete(kpi);
    }
    if (kind !== "state") this.head = { ...this.head, ...body, documents: null, gone: null };
  }

  #heard({ kind, args }) {
    if (kind !== "ask") { if (!this.leads) this.on[kind](...args); return; }
    if (!this.leads || !this.head) return;
    this.channel.postMessage({ kind: "snapshot", args: [{ ...this.head, documents: [...this.docs.values()] }] });
    this.channel.postMessage({ kind: "state", args: [this.link, null] });
  }
}
