"""Messages to people and programs: a ledger of what must be delivered and what was, and who sends it."""
