"""Monitoring of a worker: metrics, health and readiness over HTTP."""
