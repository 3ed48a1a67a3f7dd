"""A row of a file that cannot become events."""


class RowError(ValueError):
    """Names the column and the value. Rows are grouped by ``reason``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
