"""Readers: files of other programs to records of text, records to trials."""
