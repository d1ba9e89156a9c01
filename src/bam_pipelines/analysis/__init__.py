"""What people's answers say: entropy, guidance outcomes, pairs of people, figures and the report."""
