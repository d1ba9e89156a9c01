"""The experiment that people take part in: a jsPsych study, its server, and the answers' way back."""
