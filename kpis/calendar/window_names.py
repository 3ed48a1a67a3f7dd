"""Names of windows. Imports nothing: the command line loads it at every start."""

from typing import Final

MINUTE_WINDOWS: Final = {"15m": 15, "1h": 60, "24h": 1440}
DAY_WINDOWS: Final = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}  # local days, the running one included
RUNNING: Final = {"today": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}
COMPLETE: Final = {
    "yesterday": "day",
    "last_week": "week",
    "last_month": "month",
    "last_quarter": "quarter",
    "last_year": "year",
}
ROLLING: Final = (*MINUTE_WINDOWS, *DAY_WINDOWS)
WINDOWS: Final = (*ROLLING, *RUNNING, *COMPLETE, "all")
FROM_A_DAY: Final = tuple(w for w in WINDOWS if w not in ("15m", "1h", "today", "yesterday", "all"))
FROM_A_WEEK: Final = tuple(w for w in FROM_A_DAY if w != "24h")
BY_DAY: Final = (*FROM_A_DAY, "yesterday", "all")  # for KPIs that accrue by the day
UNITS: Final = ("month", "quarter", "year")
BY_UNIT: Final = (*UNITS, *(f"last_{unit}" for unit in UNITS))  # for KPIs of two states, by segment
SEGMENT_WINDOWS: Final = ("7d", "30d", "month", "quarter", "year", "last_month", "last_quarter", "last_year", "all")
