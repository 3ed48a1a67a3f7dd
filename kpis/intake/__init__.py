"""What an event does to a tenant: whether it is a copy, whose it is, and which facts it makes; the quality counters."""
