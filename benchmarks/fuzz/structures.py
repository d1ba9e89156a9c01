STRUCTURES = {}


def try_structures(name, n): ...
