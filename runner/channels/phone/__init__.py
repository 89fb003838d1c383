"""Phone: a task for a person, with the script and the number."""
