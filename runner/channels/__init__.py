"""The ways to reach a person; each turns a job into an outcome and knows nothing of the others."""
