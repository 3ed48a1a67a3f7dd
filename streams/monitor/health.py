"""Is the worker alive, and is it ready? Pure: facts in, verdict and response body out."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

LONGEST_STALL: Final = 10.0  # seconds the loop may have stalled within the last minute
Body = dict[str, Any]


class Stillness(NamedTuple):
    """The partition that has stood still longest despite a backlog; none: ``seconds`` is 0."""

    seconds: float = 0.0
    place: str = ""


def alive(*, uptime: float, failures: int, stall: float, still: Stillness, limit: float) -> tuple[bool, Body]:
    """Whether the loop is alive. ``limit``: seconds of standing still after which the watchdog ends the worker.

    Answered on the loop itself: a hung loop gives no answer at all.
    """
    reasons = []
    if stall > LONGEST_STALL:
        reasons.append(f"the event loop stalled for {stall:.1f} s within the last minute")
    if still.seconds > limit / 2:
        reasons.append(f"{still.place} has made no progress for {still.seconds:.0f} s with records waiting")
    body: Body = {"alive": not reasons, "reasons": reasons}
    body |= {"uptime_s": round(uptime, 1), "failures": failures, "longest_stall_s": round(stall, 4)}
    return not reasons, body


def ready(*, joined: bool, lanes: Mapping[int, bool], blocked: Mapping[str, str], progress: float) -> tuple[bool, Body]:
    """Whether everything assigned to this worker flows. ``lanes``: partition -> restored; none: it is on standby."""
    restoring = sorted(lane for lane, restored in lanes.items() if not restored)
    reasons = [] if joined else ["no partitions assigned yet"]
    reasons += [f"lane {lane} is restoring" for lane in restoring]
    reasons += [f"{place}: {why}" for place, why in sorted(blocked.items())]
    body: Body = {"ready": not reasons, "reasons": reasons, "lanes": sorted(lanes), "restoring": restoring}
    body |= {"blocked": dict(blocked), "recovery_progress": round(progress, 4)}
    return not reasons, body
