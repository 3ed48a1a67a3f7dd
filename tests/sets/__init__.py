"""Real data sets as events: importers for the tests, and the feeds they arrive in."""
