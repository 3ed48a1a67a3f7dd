"""The collector's HTTP server: it responds with 200 only once Kafka has acknowledged the events."""
