// Elements without a framework. Data only ever becomes text nodes and attributes, never markup.
const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: `h("a", {class: "x", href: "?", onclick: fn}, "text", child, null)`. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element, in the same way. */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

/** Changes the text only when it differs, so that nothing is repainted for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Replaces the children in one step: the old ones stay until the new ones are there. */
export function swap(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

const PATHS = {
  info: "M8 7.2v4M8 4.8v.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  ok: "M3.5 8.5l3 3 6-7",
  clock: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  few: "M3 11.5h2M7 11.5h2M11 11.5h2",
  none: "M4 8h8",
  redo: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  warn: "M8 6v3.2M8 11.3v.2M8 2.2L14.3 13H1.7L8 2.2z",
  bad: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2l7.5 4.8L5 12.8z",
  sun: "M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1M10.8 8a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0z",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z",
  auto: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  tv: "M2 3.5h12v8H2zM5.5 14h5",
  search: "M10.8 10.8L14 14M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0z",
  plus: "M8 3v10M3 8h10",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  same: "M3 8h10M10 5l3 3-3 3",
  back: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  help: "M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 11.4v.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
};

/** A line icon of 16 × 16, hidden from screen readers: the word beside it says the same. */
export function icon(name) {
  return s("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    s("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": "1.5", "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

/** A button with an icon; `label` is what it is called. */
export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "button quiet square", "aria-label": label, title: label, onclick, ...extra }, icon(name));
}
