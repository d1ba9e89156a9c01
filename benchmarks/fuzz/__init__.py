"""Damaged, hostile and made-up files for every reader of the project."""
