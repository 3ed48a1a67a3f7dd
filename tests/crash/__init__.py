"""Exact under faults: real servers and workers, killed, paused and restarted while events flow, against a recount."""
