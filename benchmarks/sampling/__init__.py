"""The samplers side by side: time and naturalness of accepted stimuli, with the same networks and acceptance."""
