"""The error of a setting by itself, so that who only catches it need not load what settings are checked with."""


class SettingsError(ValueError):
    """A setting that cannot be; the message names it."""
