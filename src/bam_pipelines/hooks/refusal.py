"""How a run is refused, or fails by what a person can mend: one sentence for the user, no traceback."""

from click import ClickException


class RunRefusedError(ClickException):
    """A run that cannot start; on the command line only its sentence is shown."""


class RunInterruptedError(ClickException):
    """A run that a person ended by Ctrl+C; on the command line only its sentence is shown."""

    # what a shell says of a process that SIGINT ended
    exit_code = 130


class RunFailedError(ClickException):
    """A run that cannot go on; on the command line only its sentence is shown."""
