"""Seeds, device and precision: where and how the numbers are computed."""
