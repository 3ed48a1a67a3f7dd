"""Rules the simulated companies keep."""
