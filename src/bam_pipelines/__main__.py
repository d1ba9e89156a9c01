"""Run the project as a package: ``python -m bam_pipelines --pipelines sampling``."""

from pathlib import Path

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main() -> None:
    """Run ``kedro run`` of this package with the arguments of the command line."""
    package = Path(__file__).parent.name
    configure_project(package)
    find_run_command(package)()


if __name__ == "__main__":
    main()
