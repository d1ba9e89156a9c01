"""Chores of those who work on the project; nothing that users run needs them."""
