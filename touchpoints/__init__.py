"""Client for producers: sends events from Python. It needs no other package of this project."""

from touchpoints.aio import AsyncTouchpoints
from touchpoints.client import Touchpoints
from touchpoints.events import Unsendable
from touchpoints.store import Busy, Full
from touchpoints.verdicts import Verdict

__all__ = ["AsyncTouchpoints", "Busy", "Full", "Touchpoints", "Unsendable", "Verdict"]
