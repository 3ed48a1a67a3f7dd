"""Facts of one kind a module, and what they add to the numbers: pure functions that know no tenant."""
