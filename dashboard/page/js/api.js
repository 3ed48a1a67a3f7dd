// The HTTP API. Every failure becomes a Problem with a sentence that can be shown.
import { t } from "./i18n.js";

export const ROOT = "/api/v1";
let skew = 0; // ms that the server's clock is ahead of ours

/** A request that failed. `status` 0: the server could not be reached. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Now by the server's clock, ms. */
export const now = () => Date.now() + skew;

/** Learns how far the server's clock is ahead; whole seconds only, so smaller differences are left alone. */
export function learnClock(answer) {
  const said = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isFinite(said)) skew = Math.abs(said - Date.now()) > 2000 ? said - Date.now() : 0;
}

const query = (params) => {
  const found = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) for (const one of [value].flat()) if (one !== undefined && one !== null && one !== "") found.append(key, one);
  const text = found.toString();
  return text ? `?${text}` : "";
};

/** The address of an endpoint. */
export const address = (path, params = {}) => ROOT + path + query(params);

/** A JSON answer. Raises Problem. */
export async function get(path, params = {}, { signal, method = "GET", body } = {}) {
  let answer;
  try {
    answer = await fetch(address(path, params), {
      signal, method, credentials: "same-origin",
      headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, t("problem.unreachable"));
  }
  learnClock(answer);
  if (!answer.ok) throw new Problem(answer.status, await sentence(answer, path, method));
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    throw new Problem(answer.status, t("problem.not_json"));
  }
}

async function sentence(answer, path, method) {
  let said = "";
  try {
    const found = await answer.json();
    said = typeof found.detail === "string" ? found.detail : found.error ?? "";
  } catch { /* no JSON: the status says enough */ }
  if (answer.status === 403 && method !== "GET") return t("problem.look");
  if (answer.status === 503 && /^\/(lag|workers|dead-letters)/.test(path)) return t("problem.ops");
  if ([401, 403].includes(answer.status)) return t("problem.forbidden");
  if (answer.status === 404) return said || t("problem.missing");
  if (answer.status === 429) return t("problem.busy");
  if (answer.status === 503) return t("problem.restoring");
  return said || t("problem.other", { status: answer.status });
}

const part = encodeURIComponent;
/** The text of a segment as the API wants it. */
export const segmentText = (segment) => Object.entries(segment).map(([key, value]) => `${key}:${value}`)[0];

export const tenants = () => get("/tenants");
export const catalog = () => get("/catalog");
export const snapshot = (tenant, window, options) => get(`/${part(tenant)}/snapshot`, { window }, options);
export const kpi = (tenant, id, params, options) => get(`/${part(tenant)}/kpis/${part(id)}`, params, options);
export const of = (tenant, id, what, params, options) => get(`/${part(tenant)}/kpis/${part(id)}/${what}`, params, options);
export const sparklines = (tenant, ids, step, options) => get(`/${part(tenant)}/sparklines`, { step, last: step === "day" ? 30 : 26, kpi: ids }, options);
export const timeline = (tenant, subject, options) => get(`/${part(tenant)}/subjects/${part(subject)}/timeline`, { limit: 200 }, options);
export const lag = (options) => get("/lag", {}, options);
export const workers = (options) => get("/workers", {}, options);
export const letters = (choice, options) => get("/dead-letters", choice, options);
export const letter = (id) => get("/dead-letters/one", { id });
/** Deals with dead letters: `what` is retry or discard, `choice` names them or their kind. */
export const deal = (what, choice) => get(`/dead-letters/${what}`, {}, { method: "POST", body: choice });
export const verification = (options) => get("/verify", {}, options);
export const verify = () => get("/verify", {}, { method: "POST", body: {} });
export const cancelVerify = () => get("/verify", {}, { method: "DELETE" });
export const connect = () => get("/connect");
export const boards = (tenant) => get(`/${part(tenant)}/boards`);
export const board = (tenant, name) => get(`/${part(tenant)}/boards/${part(name)}`);
export const saveBoard = (tenant, name, body) => get(`/${part(tenant)}/boards/${part(name)}`, {}, { method: "PUT", body });
export const dropBoard = (tenant, name) => get(`/${part(tenant)}/boards/${part(name)}`, {}, { method: "DELETE" });
