"""Aggregates: dated changes of measures, the panes that hold their sums, and the ledger that feeds them."""
