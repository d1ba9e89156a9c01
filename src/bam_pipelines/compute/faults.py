"""What goes wrong outside the program and is said in one sentence."""


class Fault(Exception):
    """A fault that a person can mend: its text names what is wrong and what to do, and no traceback is needed."""
