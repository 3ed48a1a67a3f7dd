"""A row of a file that cannot become events."""


class RowError(ValueError):
    """Says which column and value; ``reason`` is what such rows are counted by."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
