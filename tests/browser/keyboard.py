"""The keyboard alone."""

from typing import Any


def tab_to(page: Any, selector: str, limit: int = 200) -> None:
    """Press the tab key until an element has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached")
