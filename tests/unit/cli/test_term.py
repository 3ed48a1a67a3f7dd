"""Rules of what reaches the terminal."""

import json

from cli.term import json_line, plain


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
