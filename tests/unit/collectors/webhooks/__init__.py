"""Webhooks: who is believed, and what is made of it."""
