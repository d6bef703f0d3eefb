"""Emitting observability events."""
