"""Drafts a mapping for a CSV from its headings and values, for the user to review and correct."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from cli.csvfile import Sheet, lines_of, opened
from cli.dates import local_time
from cli.exits import CliError
from cli.faults import RowError
from cli.figures import Evidence
from cli.mapping import CsvMapping, tidy
from cli.textfile import encoding_of, likely

ROWS: Final = 200  # sampled
FORMS: Final = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d.%m.%y", "%m/%d/%y",
    "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "unix", "unix_ms",
)  # fmt: skip
# Fields by words in their headings, in several languages; the first match wins.
WORDS: Final = {
    "created": r"creat|opened|engage|start|angelegt|erstellt|créé|luotu|creado|skapad",
    "closed": r"clos|won.?(?:date|time)|end.?date|abschluss|geschlossen|clôtur|suljettu|päättynyt|cierre",
    "at": r"date|time|datum|zeit|pvm|päivä|fecha|data\b|\bat$|_at$",
    "score": r"score|rating|nps|punkte|note|arvosana",
    "duration": r"duration|seconds|dauer|kesto|durée",
    "stage": r"stage|status|phase|vaihe|étape|estado",
    "currency": r"currency|währung|valuutta|devise|moneda",
    "amount": r"amount|value|total|price|revenue|betrag|wert|summe|summa|montant|importe",
    "owner": r"owner|agent|rep$|sales.?person|besitzer|verkäufer|omistaja|vendeur",
    "customer": r"customer|account|company|client|organi[sz]ation|kunde|firma|asiakas|yritys|société|cliente",
    "source": r"source|quelle|lähde|origine",
    "id": r"(?:^|[ _-])id$|number|nummer|^name$|_id\b|tunnus|\bid\b",
}


class Guess(NamedTuple):
    """What a file contains."""

    sheet: Sheet
    values: dict[str, list[str]]  # column -> some non-empty cells


def guessed(path: Path) -> str:
    """TOML with comments. Raises CliError for a file without headings."""
    guess = _looked_at(path)
    fields = _fields(guess)
    body = _events(fields, guess)
    return "\n".join(
        [
            f"# A first mapping for {path.name}: check every line, then try it with --dry-run.",
            *_head(guess, fields),
            *body,
        ]
    )


def _looked_at(path: Path) -> Guess:
    try:
        encoding = encoding_of(path, "")
    except CliError:
        if not (encoding := likely(path)):
            raise
    rule = {"type": "deal.created", "time": "-", "data": {"deal_id": "-"}}
    sheet = opened(
        path, CsvMapping.model_validate({"encoding": encoding.removesuffix("-sig"), "events": [rule]}), set()
    )
    if not any(sheet.headings):
        raise CliError(f"{path.name} has no headings: nothing to guess from")
    lines = [line.cells for line in islice(lines_of(sheet), ROWS) if len(line.cells) == len(sheet.headings)]
    columns = {name: [cell for row in lines if (cell := tidy(row[i]))] for i, name in enumerate(sheet.headings) if name}
    return Guess(sheet, columns)


def _fields(guess: Guess) -> dict[str, str]:
    """Field -> column; a column fills one field at most."""
    found: dict[str, str] = {}
    for field, pattern in WORDS.items():
        fitting = [
            name for name in guess.values if name not in found.values() and re.search(pattern, name, re.IGNORECASE)
        ]
        if field in ("created", "closed", "at"):
            fitting = [name for name in fitting if _is_time(guess.values[name])]
        if fitting:
            found[field] = fitting[0]
    whole = [name for name, cells in guess.values.items() if cells and len(set(cells)) == len(cells)]
    if "id" not in found and (free := [name for name in whole if name not in found.values()]):
        found["id"] = free[0]
    return found


def _head(guess: Guess, fields: dict[str, str]) -> list[str]:
    sheet = guess.sheet
    lines = ['tz = "UTC"  # the time zone of dates without one, such as "Europe/Helsinki"']
    if not sheet.encoding.startswith("utf"):
        lines.append(f'encoding = "{sheet.encoding}"  # a guess: are letters such as ä, é and ł right?')
    if forms := _forms(
        [cell for field in ("created", "closed", "at") for cell in guess.values.get(fields.get(field, ""), [])]
    ):
        lines.append(f"date_formats = [{', '.join(map(_quoted, forms[:1]))}]{_instead(forms)}")
    evidence = Evidence()
    cells = [cell for field in ("amount", "score") for cell in guess.values.get(fields.get(field, ""), [])]
    for cell in cells:
        evidence.look(cell)
    if evidence.mark:
        lines.append(f'decimal = "{evidence.mark}"')
    elif any(re.search("[.,]", cell) for cell in cells):
        lines.append('decimal = "."  # or ","? The numbers do not say')
    lines.append(f"key = [{_quoted(fields.get('id', next(iter(guess.values))))}]  # the columns that name a row")
    return lines


def _instead(forms: Sequence[str]) -> str:
    return f"  # or {', '.join(map(_quoted, forms[1:]))}? The dates do not say" if len(forms) > 1 else ""


def _events(fields: dict[str, str], guess: Guess) -> list[str]:
    name = fields.get("id", next(iter(guess.values)))
    shared = {"customer_id": fields.get("customer"), "owner_id": fields.get("owner"), "source": fields.get("source")}
    money = {"amount": fields.get("amount"), "currency": fields.get("currency")}
    start, end = fields.get("created"), fields.get("closed")
    when = fields.get("at") or start or end
    if "score" in fields:
        constants = {"survey_id": "survey", "survey_type": "nps"}
        data = {"response_id": name, "score": fields["score"], "customer_id": shared["customer_id"]}
        return _rule("survey.answered", when, data, constants, "nps, effort or csat")
    if "duration" in fields:
        data = {"duration_s": fields["duration"], "customer_id": shared["customer_id"], "owner_id": shared["owner_id"]}
        return _rule("call.ended", when, data, {"direction": "outbound", "outcome": "connected"}, "as they were")
    if "stage" in fields or end:
        lines = _rule("deal.created", start or when, {"deal_id": name, **shared}, {})
        for type_, word in (("deal.won", "won"), ("deal.lost", "lost")):
            closing = [
                cell for cell in dict.fromkeys(guess.values.get(fields.get("stage", ""), [])) if _says(cell, word)
            ]
            stage = {fields["stage"]: closing} if closing else None
            if stage:
                lines += _rule(type_, end or when, {"deal_id": name, **money}, _coin(money), "the currency", stage)
        return lines
    if "amount" in fields:
        return _rule(
            "order.completed",
            when,
            {"order_id": name, "customer_id": shared["customer_id"], **money},
            _coin(money),
            "the currency",
        )
    return _rule("customer.created", when, {"customer_id": name, "source": shared["source"]}, {})


def _coin(money: dict[str, str | None]) -> dict[str, str]:
    return {} if money["currency"] or not money["amount"] else {"currency": "EUR"}


def _rule(
    type_: str,
    time: str | None,
    columns: dict[str, str | None],
    constants: dict[str, str],
    hint: str = "",
    when: dict[str, list[str]] | None = None,
) -> list[str]:
    lines = ["", "[[events]]", f'type = "{type_}"']
    for column, values in (when or {}).items():
        lines.append(f"when = {{ {_quoted(column)} = [{', '.join(map(_quoted, values))}] }}")
    lines.append(f"time = {_quoted(f'{{{time}}}')}" if time else 'time = "{…}"  # which column has the time?')
    lines.append("[events.data]")
    lines += [f"{field} = {_quoted(f'{{{column}}}')}" for field, column in columns.items() if column]
    lines += [f"{field} = {_quoted(value)}  # a guess: {hint}" for field, value in constants.items()]
    return lines


def _says(cell: str, word: str) -> bool:
    words = {
        "won": r"\bwon\b|closedwon|gewonnen|gagné|voitettu|ganad",
        "lost": r"\blost\b|closedlost|verloren|perdu|hävitty|perdid",
    }
    return re.search(words[word], cell, re.IGNORECASE) is not None


def _is_time(cells: list[str]) -> bool:
    return bool(cells) and (bool(_forms(cells)) or all(_reads(cell, ()) for cell in cells[:20]))


def _forms(cells: list[str]) -> list[str]:
    """The formats that parse all cells, most precise first; empty if all are ISO 8601."""
    if not cells or all(_reads(cell, ()) for cell in cells):
        return []
    return [form for form in FORMS if all(_reads(cell, (form,)) for cell in cells)]


def _reads(cell: str, forms: tuple[str, ...]) -> bool:
    try:
        return 1970 < datetime.fromisoformat(local_time(cell, ZoneInfo("UTC"), forms)).year < 2100
    except RowError:
        return False


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
