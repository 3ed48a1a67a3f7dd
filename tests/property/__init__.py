"""Properties of the engine over short random stories of events."""
