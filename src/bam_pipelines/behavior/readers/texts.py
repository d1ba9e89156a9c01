"""Bytes of files to text, without guessing an encoding."""


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
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: cannot be read as text in UTF-8 ({error}); save it in that encoding.") from None
    if "\0" in text:
        raise ValueError(
            f"{file}: cannot be read as text in UTF-8 (it holds a zero byte at {content.index(0)}); if it is UTF-16, "
            "save it as UTF-8."
        )
    return text
