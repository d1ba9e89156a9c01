"""Bytes of files to text, without guessing an encoding."""

from bam_pipelines.compute.faults import InputError

# what other programs' files begin with
_FOREIGN = {
    b"PK\x03\x04": ("an archive, or a workbook such as Excel's", "save the workbook's sheet as CSV in UTF-8"),
    b"\xd0\xcf\x11\xe0": ("a workbook of an old Excel", "save its sheet as CSV in UTF-8"),
    b"\xff\xfe": ("text in UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("text in UTF-16", "save it as UTF-8"),
}


def decode(content: bytes, file: str) -> str:
    """Read UTF-8, with or without a byte-order mark.

    Parameters
    ----------
    content
        The whole file.
    file
        Its name, for errors.

    Raises
    ------
    ValueError
        If it is no UTF-8, or text of two bytes a character, which reads as UTF-8 full of zeros.
    """
    for begin, (found, remedy) in _FOREIGN.items():
        if content.startswith(begin):
            raise InputError(f"{file}: cannot be read as text in UTF-8 (it is {found}); {remedy}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: cannot be read as text in UTF-8 ({error}); save it in that encoding.") from None
    if "\0" in text:
        raise InputError(
            f"{file}: cannot be read as text in UTF-8 (it holds a zero byte at {content.index(0)}); if it is UTF-16, "
            "save it as UTF-8."
        )
    return text
