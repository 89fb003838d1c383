"""The checks: one rule a module, each with its slug, run by stage from the registry in `runner.compile.registry`."""
