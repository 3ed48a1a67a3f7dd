"""The templates of this package: HTML is escaped, and a name that is none is an error."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape


def rendered(name: str, **values: Any) -> str:
    """A template with its values."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("reports"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["nobreak"] = lambda text: Markup(str(escape(text)).replace(" ", "&nbsp;"))
    return found
