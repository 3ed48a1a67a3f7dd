"""Collectors: what a request becomes."""
