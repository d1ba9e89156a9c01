"""Images on the perceptual boundaries of classifiers, people's answers to them, and models of each person."""

import os
import warnings

# mlflow reads this when it is imported, so it is set before anything of ours can import it: nothing calls out.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# Kedro's and kedro-mlflow's own use of OmegaConf; a user of this project can do nothing about it
warnings.filterwarnings("ignore", "register_new_resolver\\(\\) is deprecated", UserWarning)
# the second round lies in a namespace, and nodes outside it read its tables
warnings.filterwarnings("ignore", "One or more dataset names contain '.' characters", UserWarning)

__version__ = "0.1.0"
