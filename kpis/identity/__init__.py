"""Identity resolution: the graph of links between ids, what identity events assert, and how ids are written."""
