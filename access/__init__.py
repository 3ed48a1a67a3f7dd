"""Access: TLS and credentials for Kafka and Redis, from the settings. The only code that reads their files."""
