"""What a worker can be watched by: metrics, health and readiness over HTTP."""
