"""Detects the encoding of a file: proven ones are used, a mere guess is refused and named."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cli.exits import CliError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK: Final = 1 << 20
_SAMPLE: Final = 1 << 18  # bytes a guess is based on
_NAMES: Final = {"ascii": "utf-8"}


def encoding_of(path: Path, declared: str) -> str:
    """The encoding of a file. Raises CliError if it is not Unicode and the mapping does not declare one."""
    with _bytes(path) as stream:
        start = stream.read(4096)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if declared:
        return _agreed(path, declared, marked)
    if marked:
        return marked
    if wide := _wide(start):
        return wide
    _check_utf8(path)
    return "utf-8"


def likely(path: Path) -> str:
    """The likely encoding of a non-Unicode file; empty if none fits."""
    return _guess(path)[0]


def _agreed(path: Path, declared: str, marked: str) -> str:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        raise CliError(f"encoding = {declared!r} of the mapping is not known (use utf-8, utf-16, cp1252, …)") from None
    if marked and name.replace("-", "").startswith(("utf", "ascii")):
        return marked  # a byte order mark is more reliable than a declared name
    if marked:
        raise CliError(f"{path.name} begins with the mark of {marked}, but the mapping says encoding = {declared!r}")
    return "utf-8-sig" if name == "utf-8" else name


def _wide(start: bytes) -> str:
    """UTF-16 without a byte order mark: every other byte of its headings is zero."""
    pairs = start[:512]
    half = len(pairs) // 2
    if half >= 4:
        if pairs[1::2].count(0) > half * 0.8 and not pairs[::2].count(0):
            return "utf-16-le"
        if pairs[::2].count(0) > half * 0.8 and not pairs[1::2].count(0):
            return "utf-16-be"
    return ""


def _check_utf8(path: Path) -> None:
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with _bytes(path) as stream:
        while block := stream.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                bad = error.object[: error.start].decode("utf-8", "replace")
                line += len(re.findall("\r\n?|\n", bad))
                raise CliError(_complaint(path, line)) from None
            line += len(re.findall(b"\r(?!\n)|\n", block))
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise CliError(_complaint(path, line)) from None


def _complaint(path: Path, line: int) -> str:
    guess, example = _guess(path)
    if not guess:
        return f'{path.name}, line {line}: not UTF-8; add its encoding to the mapping, such as encoding = "cp1252"'
    return (
        f"{path.name}, line {line}: not UTF-8. It looks like {guess}{f' ({example})' if example else ''}: "
        f'if that is right, add encoding = "{guess}" to the mapping'
    )


def _guess(path: Path) -> tuple[str, str]:
    """(encoding, sample words) that the file's non-ASCII lines suggest; empty if none fits."""
    from charset_normalizer import from_bytes  # only needed for files that are refused

    odd = b"\n".join(_odd_lines(path))[:_SAMPLE]
    best = from_bytes(odd).best()
    guess = _NAMES.get(best.encoding, best.encoding) if best else ""
    western = _reads(odd, "cp1252")
    # A few letters prove nothing, and cp1252 is by far the most common in spreadsheets.
    if western and (not guess or len(odd) < 512):
        guess = "cp1252"
    words = re.findall(r"\w*[^\x00-\x7f]\w*", odd.decode(guess, "replace")) if guess else []
    return guess, ", ".join(words[:3])


def _reads(raw: bytes, encoding: str) -> bool:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    letters = [c for c in text if ord(c) > 127]
    return sum(c.isalpha() for c in letters) * 2 >= len(letters)


def _odd_lines(path: Path) -> Iterator[bytes]:
    with _bytes(path) as stream:
        found = 0
        for line in stream:
            if not line.isascii():
                yield line.strip()
                found += 1
            if found >= 200:
                return


def _bytes(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}") from error
