"""Takes the pictures of docs/images, of invented numbers: ``python -m tests.browser.shots``."""

import os
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.browser.mock import Mock

IMAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SHOTS: Final = {  # name: (address, scheme, width, height)
    "board": ("?tenant=nordbolt", "light", 1200, 760),
    "explore": ("?tenant=nordbolt&kpi=closed_won_value", "dark", 1200, 760),
    "success": ("?tenant=nordbolt&board=success", "light", 1200, 760),
    "phone": ("?tenant=nordbolt&lang=fi", "dark", 360, 760),
}


def main() -> None:
    """Opens each view, lets it settle, and keeps what it shows."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with Mock() as mock, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (address, scheme, width, height) in SHOTS.items():
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
            )
            page.goto(f"{mock.url}/{address}")
            page.wait_for_selector(".tile[data-state=ok], .u-over")
            page.wait_for_timeout(1500)
            if name == "success":
                page.mouse.wheel(0, 470)
                page.wait_for_timeout(500)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
