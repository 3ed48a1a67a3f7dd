"""What events mean: facts in, exact KPIs out. Pure: no IO, no clock, no randomness."""
