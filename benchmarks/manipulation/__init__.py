"""How well customised stimuli part two people, against controls and an oracle."""
