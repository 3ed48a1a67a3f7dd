"""Aggregates: dated changes of measures, the panes that hold their sums, and what puts a group's changes there."""
