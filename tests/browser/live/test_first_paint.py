"""The first visit: how long until numbers are there, and how much is transferred for it."""

from typing import Any

from tests.browser.live.conftest import Visits, tell

NUMBERS = """new MutationObserver((_, all) => {
  if (!document.querySelector('.tile[data-state=ok]')) return;
  window.numbers = performance.now();
  all.disconnect();
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-state'] });"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
VISITS = 5
MOST_BYTES, MOST_MS = 100_000, 1_000


def first_load(visit: Visits) -> tuple[float, float, int, int]:
    """Of an empty cache: ms to the first paint, ms to the numbers, bytes until then, requests."""
    visitor = visit()
    sizes: list[int] = []
    requests: list[str] = []
    devtools: Any = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    devtools.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.on("Network.responseReceived", lambda event: sizes.append(int(event["response"]["encodedDataLength"])))
    devtools.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    visitor.page.add_init_script(NUMBERS)
    page = visitor.open("")
    found = page.evaluate("window.numbers"), page.evaluate(PAINT)
    return found[1], found[0], sum(sizes), len(requests)


def loads(visit: Visits) -> list[tuple[float, float, int, int]]:
    """Several, the quickest first."""
    found = sorted((first_load(visit) for _ in range(VISITS)), key=lambda one: one[1])
    paint, numbers, size, requests = found[0]
    tell(
        f"first load: painted after {paint:.0f} ms, numbers after {numbers:.0f} ms (median {found[VISITS // 2][1]:.0f}"
        f" ms), {size / 1000:.1f} kB in {requests} requests"
    )
    return found


def test_the_first_numbers_are_there_within_a_second(visit: Visits) -> None:
    assert loads(visit)[0][1] < MOST_MS


def test_the_first_load_is_small(visit: Visits) -> None:
    assert max(one[2] for one in loads(visit)) < MOST_BYTES
