"""Answers of people: tables and their rules, simulated participants, quality, splits."""
