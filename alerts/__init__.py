"""Alerts: rules over published numbers, looked at again and again, and told once a change of state."""
