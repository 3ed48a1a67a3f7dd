"""Images that are not built here are pinned: a whole version and a digest, and another one can be named instead."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PINNED = r"[a-z/]+:\d+\.\d+\.\d+[a-z-]*@sha256:[0-9a-f]{64}"


def test_every_image_of_compose_is_pinned_or_built_here() -> None:
    """A tag can be moved to other bytes; a digest can't."""
    images = re.findall(r"(?m)^ +image: (.+)$", (ROOT / "docker-compose.yml").read_text())
    others = [image for image in images if image != "crmkpi:local"]
    assert len(others) == 2
    for image in others:
        assert re.fullmatch(rf"\$\{{[A-Z]+_IMAGE:-{PINNED}\}}", image), image


def test_the_base_of_our_own_image_is_pinned() -> None:
    """The same one for building and for running."""
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(rf"(?m)^ARG PYTHON_IMAGE={PINNED}$", text)
    assert re.findall(r"(?m)^FROM (\S+)", text) == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]
    assert "args: [PYTHON_IMAGE]" in (ROOT / "docker-compose.yml").read_text()
