"""From source to step graph: one path for every command."""
