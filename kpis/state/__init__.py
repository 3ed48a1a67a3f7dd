"""A tenant's state: rebuilt from its facts, erased in place, and recounted under a new definition."""
