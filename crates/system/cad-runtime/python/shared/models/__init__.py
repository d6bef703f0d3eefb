"""Data types of the platform."""
