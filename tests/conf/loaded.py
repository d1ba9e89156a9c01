"""The parameters of each environment, and what is wrong with parameters."""

from pathlib import Path

from kedro.config import OmegaConfigLoader

from bam_pipelines.pipelines.parameters import parameter_problems
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
ENVIRONMENTS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "local")


def parameters_of(env, changes=None):
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    return OmegaConfigLoader(str(CONF), env=env, runtime_params=changes, **arguments)["parameters"]


def problems(parameters):
    """What is wrong by the name of the parameter, for a run that uses all of them."""
    return {problem.name: problem.text for problem in parameter_problems(parameters, set(parameters))}
