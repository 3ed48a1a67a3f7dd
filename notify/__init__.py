"""Messages to people and programs: a ledger of intended and completed deliveries, and the senders."""
