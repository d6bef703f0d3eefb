"""Data types of the workers."""
