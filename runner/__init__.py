"""Outreach as code: sequences in YAML, reviewed in Git, run from a database."""

__version__ = "0.1.0"
