"""Faults tried on real runs: kill, fill, damage, lock, and see what is lost."""
