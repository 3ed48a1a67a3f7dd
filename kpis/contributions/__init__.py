"""What each group of facts adds to the numbers: functions of a tenant, which change no fact of it."""
