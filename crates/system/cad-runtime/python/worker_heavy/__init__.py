"""The import name that scripts of the original platform use for their helpers."""
