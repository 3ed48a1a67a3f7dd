"""The page script as text; tests/browser has it run."""

from collectors.script import SCRIPT


def test_it_is_small_and_keeps_nothing_but_in_the_session() -> None:
    assert len(SCRIPT) < 3 << 10
    assert SCRIPT.isascii()
    for word in (b"document.cookie", b".cookie", b"localStorage", b"indexedDB", b".value"):
        assert word not in SCRIPT
