"""Numbers that the paper published, for showing beside a run's; nothing is fitted or compared to them."""

# Wei et al., ICML 2025, arXiv 2505.03641. Shares are of stimuli, accuracies of test trials, from 0 to 1.
GUIDANCE_SHARES = {"success": 0.20, "bias": 0.56, "failure": 0.24}
ZERO_ENTROPY_SHARE = 0.42
ANSWERS_PER_IMAGE = 5.9  # 116,715 trials, 19,943 images
# Means over classifiers; base and group on variMNIST, the individual level on participants' own trials.
LEVEL_ACCURACY = {"base": 0.47, "group": 0.70, "individual": 0.75}
DIGIT_ACCURACY_KEPT = 0.97
ENTROPY_CORRELATION = {"base": 0.08, "group": 0.74}
PAIR_SHARES = {
    "base": {"success": 0.23, "bias": 0.45, "failure": 0.32, "targeted_ratio": 0.50},
    "individual": {"success": 0.26, "bias": 0.46, "failure": 0.28, "targeted_ratio": 0.62},
}
# Success times (2 × targeted ratio − 1): 23 % × 0 and 26 % × .24.
NET_DIRECTED_SUCCESS = {"base": 0.0, "individual": 0.062}
