"""Alerts: rules evaluated over published numbers, with one notice per change of state."""
