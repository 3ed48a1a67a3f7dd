"""The dashboard: a page, its JSON API and a stream of updates, read from Redis and from the workers' query ports."""
