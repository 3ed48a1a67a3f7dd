"""Local time: zones, days, calendar buckets, the windows of KPIs, and intervals of instants."""
