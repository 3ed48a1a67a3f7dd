"""What tests see of a page."""

from typing import Any, Final

TENANT: Final = "nordbolt"
BOARDS: Final = ("sales", "marketing", "success", "ops")

# Every tile and panel: what state it is in and what it says.
PARTS: Final = """() => ({
  tiles: [...document.querySelectorAll('.tile')].map((one) => ({ kpi: one.dataset.kpi, state: one.dataset.state,
    value: one.querySelector('.value').textContent, spark: Boolean(one.querySelector('.spark svg')) })),
  panels: [...document.querySelectorAll('[data-panel]')].map((one) => ({ name: one.dataset.panel,
    note: one.querySelector('.panel-note')?.textContent ?? null })),
})"""

# Counts what must not happen while numbers change: a value without a figure, a panel that is emptied, a moved part.
WATCH: Final = """() => {
  window.seen = { blank: 0, emptied: 0, gone: 0, values: 0 };
  const value = (one) => one.querySelector('.value').textContent;
  const note = (one) => one.querySelector('.panel-note');
  const tiles = [...document.querySelectorAll('.tile')].filter((one) => /\\d/.test(value(one)));
  const panels = [...document.querySelectorAll('.panel')].filter((one) => !note(one));
  const empty = (one) => !one.querySelector('.panel-body')?.firstElementChild || note(one);
  const last = new Map(tiles.map((one) => [one, value(one)]));
  const look = () => {
    for (const one of tiles) {
      const text = value(one);
      if (!/\\d/.test(text)) window.seen.blank += 1;
      else if (text !== last.get(one)) { last.set(one, text); window.seen.values += 1; }
    }
    window.seen.emptied += panels.filter(empty).length;
    window.seen.gone += [...tiles, ...panels].filter((one) => !one.isConnected).length;
  };
  const all = { childList: true, subtree: true, characterData: true };
  new MutationObserver(look).observe(document.getElementById('main'), all);
}"""

# Tiles that do not show what the API answers for the same revision; null: the revisions differ, ask again.
DIFFERENT: Final = """async () => {
  const { store } = crmkpi;
  const f = crmkpi.format;
  const found = await (await fetch(`/api/v1/${store.tenant}/snapshot?window=${store.window}`)).json();
  await new Promise((done) => setTimeout(done, 700)); // the page paints at most four times a second
  if (found.rev !== store.meta.rev || found.as_of !== store.meta.as_of) return null;
  const bad = [];
  for (const doc of found.documents) {
    const tile = document.querySelector(`.tile[data-kpi="${doc.kpi}"]`);
    const shown = tile?.querySelector('.figure')?.title;
    if (!tile || doc.value === null) continue;
    if (shown !== f.text(doc.value, doc, { long: true })) bad.push([doc.kpi, shown, doc.value]);
  }
  return bad;
}"""


def settled(page: Any, ms: int = 15_000) -> None:
    """Until no panel loads any more."""
    page.wait_for_function(
        """() => document.querySelectorAll('.tile[data-state=loading]').length === 0
          && [...document.querySelectorAll('.panel-note')].every((one) => !/ …$/.test(one.textContent))""",
        timeout=ms,
    )
    page.wait_for_timeout(400)


def same_as_api(page: Any) -> None:
    """Every tile shows what the API answers."""
    for _ in range(40):
        found = page.evaluate(DIFFERENT)
        if found is not None:
            assert found == [], found
            return
    raise AssertionError("page and API were never of the same revision")
