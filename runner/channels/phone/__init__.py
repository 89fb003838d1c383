"""Phone: calls as tasks for a person."""
