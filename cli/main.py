"""The `crmkpi` command: every verb is a module of this package."""

from cli import doctor, import_file, lag, send, top, topics, up, worker
from cli.root import app

__all__ = ["app", "doctor", "import_file", "lag", "main", "send", "top", "topics", "up", "worker"]


def main() -> None:
    """Entry point of the `crmkpi` script."""
    app()
