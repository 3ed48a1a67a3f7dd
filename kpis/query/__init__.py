"""Questions about one tenant that documents do not answer: members, timelines, series of segments. Reads only."""
