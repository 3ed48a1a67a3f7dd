"""The kinds of facts, one per module, and their deltas: pure functions that know nothing of tenants."""
