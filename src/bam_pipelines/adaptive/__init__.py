"""Choosing what to ask a person next: what is known of them, what an answer would tell, and rounds of both."""
