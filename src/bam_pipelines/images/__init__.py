"""Handwritten digits: reading, checking, splitting, and the one place where pixels change range."""
