"""The page on a running demo: its own Kafka, Redis, worker and server. Minutes long: `make browser-live` runs it."""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from tests.browser.conftest import Visit
from tests.browser.live.demo import Demo

FIRST: Final = "nordbolt"  # the company that the demo opens with
PUBLISHED_S: Final = 180.0  # after the history is counted, segments and histories follow
DAYS = int(os.environ.get("CRMKPI_LIVE_DAYS", "75"))  # two months to compare
RATE = 20  # records a second: few enough for a machine that runs a browser beside it
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder is `live`."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Demo]:
    """One demo for all, with everything of its history published."""
    began = time.monotonic()
    with Demo(tmp_path_factory.mktemp("demo"), DAYS, RATE) as running:
        loaded = time.monotonic() - began
        settled = running.wait(lambda: published(running), PUBLISHED_S, "segments and histories are not there")
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            tell(f"the demo was live after {loaded:.0f} s, and all of it published {settled:.0f} s later")
        yield running


@pytest.fixture
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: CRMKPI_SHOTS, or a temporary folder."""
    folder = Path(os.environ.get("CRMKPI_SHOTS") or tmp_path_factory.getbasetemp() / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class LiveVisit(Visit):
    """A page of the demo; requests that fail or are refused are kept, too, but for those that the page gave up."""

    def __init__(self, browser: Any, demo: Demo, **context: Any) -> None:
        super().__init__(browser, demo, **context)  # type: ignore[arg-type]
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.url}: {response.status}")

    def open(self, query: str = "", ready: str = ".tile[data-state=ok], .explore .value span") -> Any:
        """Goes there and waits for the first number."""
        return super().open(query, ready)


class Visits:
    """Opens pages. ``trouble``: whether the test makes some, so that errors are no fault."""

    def __init__(self, browser: Any, demo: Demo) -> None:
        self._browser, self._demo = browser, demo
        self.trouble = False
        self.all: list[LiveVisit] = []

    def __call__(self, **context: Any) -> LiveVisit:
        """One more, in a context of its own."""
        self.all.append(LiveVisit(self._browser, self._demo, **context))
        return self.all[-1]


@pytest.fixture
def visit(browser: Any, demo: Demo, shots: Path, request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Nothing may have gone wrong on a page, unless the test made trouble. The last thing it showed is kept."""
    visits = Visits(browser, demo)
    yield visits
    for number, one in enumerate(visits.all):
        one.page.screenshot(path=shots / "last" / f"{request.node.name}-{number}.png")
        one.context.close()
        assert visits.trouble or not one.errors, one.errors


def tell(text: str) -> None:
    """A line of figures for whoever runs this."""
    sys.stderr.write(f"\n  {text}\n")


def ask(demo: Demo, path: str) -> Any:
    """An answer of the API."""
    with urllib.request.urlopen(f"{demo.url}/api/v1{path}", timeout=20) as answer:
        return orjson.loads(answer.read())


def published(demo: Demo) -> bool:
    """Whether the first company has segments, and days after its first event."""
    kpi = f"/{FIRST}/kpis"
    series = ask(demo, f"{kpi}/visitors/series?step=day")["series"][0]["values"]
    months = ask(demo, f"{kpi}/net_new_mrr/series?step=month")["series"][0]["values"]
    parts = [ask(demo, f"{kpi}/{one}/segments?window=30d")["dimensions"] for one in ("closed_won_value", "rfm_segment")]
    return sum(map(bool, series[-30:])) > 25 and sum(map(bool, months[-4:])) > 2 and all(parts)
