"""Chromium on the page, before a mock of the API. Without Chromium these tests are skipped."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.mock import Mock

CHROMIUM: Final = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that want a page are skipped where there is no browser."""
    missing = pytest.mark.skip(reason=f"needs Chromium: {CHROMIUM} is not there (set CHROMIUM)")
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and not CHROMIUM.exists():
            item.add_marker(missing)


@pytest.fixture(scope="session")
def server() -> Iterator[Mock]:
    """One mock for all."""
    with Mock() as mock:
        yield mock


@pytest.fixture
def mock(server: Mock) -> Mock:
    """The mock without trouble."""
    server.reset()
    return server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for a file: Playwright's event loop runs as long, and other tests need theirs."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page at an address; what it logs as an error, or tries to load in vain, is kept."""

    def __init__(self, browser: Any, mock: Mock, **context: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | context
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.mock = mock
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, query: str = "?tenant=nordbolt", ready: str = ".tile[data-state=ok], .explore .value span") -> Any:
        """Goes there and waits for the first number."""
        self.page.goto(f"{self.mock.url}/{query}")
        if ready:
            self.page.wait_for_selector(ready)
        return self.page


@pytest.fixture
def visit(browser: Any, mock: Mock) -> Iterator[Any]:
    """Opens pages; nothing may have gone wrong on them, unless the test made trouble."""
    visits: list[Visit] = []

    def start(**context: Any) -> Visit:
        visits.append(Visit(browser, mock, **context))
        return visits[-1]

    yield start
    for one in visits:
        one.context.close()
        assert mock.trouble or not one.errors, one.errors
