// Panels of what no stream tells of: they look again by themselves, while somebody can see them.
import { store } from "../store.js";

/** The panel, asked again every so many ms; `soon()`: in a second instead, as long as it is true. */
export function polled(made, every, soon = () => false) {
  let asked = performance.now();
  const timer = setInterval(() => {
    if (document.hidden || store.paused || !made.el.isConnected || performance.now() - asked < (soon() ? 900 : every)) return;
    asked = performance.now();
    made.reload();
  }, 1000);
  const { destroy } = made;
  return Object.assign(made, { destroy: () => { clearInterval(timer); destroy(); } });
}
