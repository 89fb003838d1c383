"""What the engine's benchmarks share: a campaign of waits and its people, and the floor they are measured against."""
