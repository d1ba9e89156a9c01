"""How many trials a person needs until their answers are predicted, by how the next stimuli are chosen."""
