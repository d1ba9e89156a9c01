"""Numbers that the paper published, for showing beside a run's; nothing is fitted or compared to them."""

# Wei et al., ICML 2025, arXiv 2505.03641. Shares are of stimuli, accuracies of test trials, from 0 to 1.
GUIDANCE_SHARES = {"success": 0.20, "bias": 0.56, "failure": 0.24}
ZERO_ENTROPY_SHARE = 0.42
ANSWERS_PER_IMAGE = 5.9  # 116,715 trials, 19,943 images
# Means over classifiers; base and group on variMNIST, the individual level on participants' own trials.
LEVEL_ACCURACY = {"base": 0.47, "group": 0.70, "individual": 0.75}
VGG_ACCURACY = {"base": 0.54, "group": 0.757, "individual": 0.805}
GROUP_GAINS = {"vit": 0.30, "vgg": 0.22, "cornet": 0.21, "mlp": 0.28, "lrm": 0.17}
INDIVIDUAL_GAINS = {"vit": 0.054, "vgg": 0.048, "cornet": 0.053, "mlp": 0.037, "lrm": 0.035}
# of participants, whom VGG's IndivNet suits better than GroupNet
SHARE_IMPROVED = 241 / 246
DIGIT_ACCURACY_KEPT = 0.97
ENTROPY_CORRELATION = {"base": 0.08, "group": 0.74}
PAIR_SHARES = {
    "base": {"success": 0.23, "bias": 0.45, "failure": 0.32, "targeted_ratio": 0.50},
    "individual": {"success": 0.26, "bias": 0.46, "failure": 0.28, "targeted_ratio": 0.62},
}
# Success times (2 × targeted ratio − 1): 23 % × 0 and 26 % × .24.
NET_DIRECTED_SUCCESS = {"base": 0.0, "individual": 0.062}
