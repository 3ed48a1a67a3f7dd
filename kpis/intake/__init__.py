"""What is decided about an event before it becomes facts: whether it is a copy, and how clean the stream is."""
