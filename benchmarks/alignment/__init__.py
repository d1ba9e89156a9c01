"""Individual models: what they cost and how well they predict, the paper's way and ours."""
