"""How a run is refused: one sentence for the user, no traceback."""

from click import ClickException


class RunRefusedError(ClickException):
    """A run that cannot start; on the command line only its sentence is shown."""
