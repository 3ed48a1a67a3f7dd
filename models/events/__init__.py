"""The event contract: the topic of every type and the shape of its data."""

from types import ModuleType
from typing import Any, Final

from models.events import activity, calls, costs, customers, deals, email, pages, revenue, social, surveys

PREFIX: Final = "crm."
_MODULES: Final[tuple[ModuleType, ...]] = (
    pages,
    email,
    calls,
    social,
    deals,
    customers,
    revenue,
    surveys,
    activity,
    costs,
)

TOPICS: Final[tuple[str, ...]] = tuple(module.TOPIC for module in _MODULES)
"""Input topics, without prefix."""

SHAPES: Final[dict[str, type[Any]]] = {
    PREFIX + name: shape for module in _MODULES for name, shape in module.SHAPES.items()
}
"""Full event type -> TypedDict of its data."""

TOPIC_OF: Final[dict[str, str]] = {PREFIX + name: module.TOPIC for module in _MODULES for name in module.SHAPES}
"""Full event type -> input topic, without prefix."""
