"""What a tenant's state is made from: rebuilt from its facts, erased in place, and counted with which definition."""
