// Light, dark, or as the system says.
const ORDER = ["auto", "light", "dark"];
const KEPT = "crmkpi.theme";

/** The theme in use: auto, light or dark. */
export const theme = () => document.documentElement.dataset.theme ?? "auto";

/** Takes the next theme and keeps it for the next visit. */
export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem(KEPT, next); } catch { /* holds until the page is closed */ }
  dispatchEvent(new Event("themechange"));
}
