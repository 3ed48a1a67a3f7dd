"""The `crmkpi` command: every verb is a module of this package, named in `cli.root`."""

from cli.root import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the `crmkpi` script."""
    app()
