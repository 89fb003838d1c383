"""The decisions: pure functions from state and time to what happens next, and the ports they need."""
