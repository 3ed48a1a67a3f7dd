"""Webhooks of other systems: one module a provider, which says what is believed and what it means."""
