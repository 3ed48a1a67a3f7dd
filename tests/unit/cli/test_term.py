"""Rules of what reaches the terminal."""

import json

import pytest

from cli.term import json_line, line, plain, say


def test_control_and_direction_characters_are_shown_not_obeyed() -> None:
    """An escape sequence in a name can neither colour the screen nor move the cursor."""
    assert plain("a\x1b[31mred\x07") == "a\\x1b[31mred\\x07"
    assert plain("evil\u202etxt\x9b2J\n") == "evil\\u202etxt\\x9b2J\\n"


def test_letters_of_all_languages_stay_as_they_are() -> None:
    """Only what cannot be printed is escaped."""
    assert plain("Äiti Ωmega 日本 [bold]") == "Äiti Ωmega 日本 [bold]"


def test_json_output_says_the_same_with_hostile_characters_escaped() -> None:
    """JSON would let C1 controls and direction marks through as they are."""
    value = {"k": "\x9b2J\u202e ä"}

    assert json.loads(json_line(value)) == value
    assert "\x9b" not in json_line(value)
    assert "\u202e" not in json_line(value)


def test_what_a_command_says_is_json_when_logs_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a line, also for texts with controls and line breaks; results on stdout stay what they are."""
    monkeypatch.setenv("CRMKPI_LOG_FORMAT", "json")
    say("worker 1 started", "odd\x1b[2J\nname")
    line("a result")
    told = capsys.readouterr()
    assert [json.loads(text)["event"] for text in told.err.splitlines()] == ["worker 1 started", "odd\\x1b[2J\\nname"]
    assert told.out == "a result\n"
