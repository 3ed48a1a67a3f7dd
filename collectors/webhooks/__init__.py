"""Webhooks of other systems: one module per provider, which verifies deliveries and maps them to events."""
