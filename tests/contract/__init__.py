"""What every sink promises, checked on each of them."""
