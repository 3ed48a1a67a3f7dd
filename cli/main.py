"""The `crmkpi` command: every verb is a module of this package."""

from cli import import_file
from cli.root import app

__all__ = ["app", "import_file", "main"]


def main() -> None:
    """Entry point of the `crmkpi` script."""
    app()
