"""Validates the options of `crmkpi compute` against each other, before any file is read."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from cli.exits import CliError
from cli.flags import check_window, one_of
from cli.periods import WINDOW_OF
from cli.term import say
from kpis.catalog import CATALOG, Kpi
from kpis.catalog.inputs import INPUTS
from kpis.cells.declared import DECLARED

STANDARD: Final = ("owner", "source", "campaign", "pipeline", "country", "channel")  # dimensions that need no setting
OF_REVENUE: Final = {row.name for row in DECLARED if {"acquisition", "credit", "customer"} & set(row.groups)}
Form = Literal["json", "csv", "text"]


class Asked(NamedTuple):
    """What to show. Empty ``windows`` and ``kpis`` mean all."""

    windows: tuple[str, ...]
    kpis: tuple[str, ...]
    dimensions: tuple[str, ...]

    @property
    def own(self) -> list[str]:
        """The dimensions that come from traits."""
        return [dimension for dimension in self.dimensions if dimension not in STANDARD]

    @property
    def revenue(self) -> bool:
        """Whether a requested KPI depends on the setting `revenue_from`."""
        asked = (kpi for kpi in CATALOG if not self.kpis or kpi.id in self.kpis)
        return any(INPUTS[kpi.id].bases & OF_REVENUE for kpi in asked if kpi.rows != "deal")

    def shows(self, window: str, kpi: str, segment: Iterable[str]) -> bool:
        """Whether to show a document; ``segment``: its dimensions."""
        return (
            (not self.windows or window in self.windows)
            and (not self.kpis or kpi in self.kpis)
            and (not self.dimensions or not segment or any(one in self.dimensions for one in segment))
        )


def asked_for(
    windows: Sequence[str] | None, kpis: Sequence[str] | None, dimensions: Sequence[str] | None, series: str | None
) -> Asked:
    """The validated options. Raises CliError for an unknown name, or if nothing would be shown."""
    for name in windows or ():
        check_window(name)
    for name in kpis or ():
        one_of(name, (kpi.id for kpi in CATALOG), "KPI")
    if series is not None:
        one_of(series, WINDOW_OF, "series")
    chosen = tuple(windows or ((WINDOW_OF[series],) if series else ()))
    rows = [kpi for kpi in CATALOG if not kpis or kpi.id in kpis]
    if kpis and chosen:
        _check_windows_of(rows, chosen, series if not windows else None)
    if dimensions and chosen:
        _check_segments(rows, chosen, dimensions, series if not windows else None)
    return Asked(chosen, tuple(kpis or ()), tuple(dimensions or ()))


def _check_windows_of(rows: Sequence[Kpi], windows: Sequence[str], series: str | None) -> None:
    """Warns about KPIs without any of the windows, which are skipped."""
    lacking = [kpi for kpi in rows if not set(windows) & set(kpi.windows)]
    named = f"{' or '.join(windows)} ({_named(windows, series)})"
    words = [f"--kpi {kpi.id} has no window {named}: use {_choice(kpi.windows)}" for kpi in lacking]
    if len(lacking) == len(rows):
        raise CliError(words[0])
    say(*words)


def _check_segments(rows: Sequence[Kpi], windows: Sequence[str], dimensions: Sequence[str], series: str | None) -> None:
    if any(_segmented(kpi, window, dimension) for kpi in rows for window in windows for dimension in dimensions):
        return
    fit = [name for name in _windows_of(rows) if any(_segmented(k, name, d) for k in rows for d in dimensions)]
    what = f"--segment {' '.join(dimensions)}: there are no segments in the window {' or '.join(windows)}"
    hint = f"use {_choice(fit)}" if fit else "leave out --segment: what --kpi names has none in any window"
    raise CliError(f"{what} ({_named(windows, series)}): {hint}")


def _segmented(kpi: Kpi, window: str, dimension: str) -> bool:
    steps = kpi.vector is not None and window in kpi.windows and dimension == kpi.vector.key
    return steps or window in kpi.segment_windows or (dimension == "channel" and window in kpi.channel_windows)


def _windows_of(rows: Sequence[Kpi]) -> list[str]:
    return list(dict.fromkeys(window for kpi in rows for window in kpi.windows))


def _named(windows: Sequence[str], series: str | None) -> str:
    return f"--series {series}" if series else " ".join(f"--window {name}" for name in windows)


def _choice(windows: Iterable[str]) -> str:
    return f"--window {', '.join(windows)}"


def check_series(series: str | None, since: str | None) -> None:
    """Refuse ``--series`` without ``--from``, and the other way round."""
    if series is not None and since is None:
        raise CliError(f"--series {series} needs --from, its first {series}: for example --from 2026-01-01")
    if since is not None and series is None:
        raise CliError(f"--from {since} is the start of a series: add --series {', '.join(WINDOW_OF)}, or leave it out")


def form_of(*, as_json: bool, as_csv: bool) -> Form:
    """The output format. Raises CliError if two are given."""
    if as_json and as_csv:
        raise CliError("--json and --csv are two forms of one output: use one of them")
    return "json" if as_json else "csv" if as_csv else "text"
