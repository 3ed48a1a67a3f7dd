"""Applies an event to a tenant: deduplication, ownership, the facts it yields, and the data quality counters."""
