"""A seeded generator of odd events over the whole contract, and a run of them through validation and the engine."""
