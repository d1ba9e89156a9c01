"""Speed by workers, and time and memory by size; see ``python -m benchmarks.scale``."""
