"""Ours beside the published algorithm, in one run."""
