"""The HTTP server of the collector: it answers 200 only once Kafka has what was sent."""
