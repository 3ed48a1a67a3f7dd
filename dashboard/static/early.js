// Runs before the first paint, so that neither theme nor TV mode flashes.
(function () {
  var root = document.documentElement;
  var theme = null;
  try { theme = localStorage.getItem("crmkpi.theme"); } catch (error) { /* storage is off: the system's theme holds */ }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (/[?&]tv=1/.test(location.search)) root.classList.add("tv");
})();
