"""How clients get in: TLS and credentials of Kafka and Redis, from the settings. Only here are their files read."""
