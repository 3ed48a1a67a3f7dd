"""The producer's side: send events from Python. It needs no other package of this project."""
