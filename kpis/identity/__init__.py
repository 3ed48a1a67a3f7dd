"""Which ids are one subject: the graph of links, what identity events state, and how ids are written."""
