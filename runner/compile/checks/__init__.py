"""The checks, one rule a module."""
