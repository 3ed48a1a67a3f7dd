"""SettingsError in a module without dependencies, so that catching it doesn't load the validation of settings."""


class SettingsError(ValueError):
    """An invalid setting; the message names it."""
