"""Keys by which names are compared: accents, case and punctuation do not count."""

import re
import unicodedata

#: Marks that stand inside a word and vanish, so that ``Ja'Marr`` and ``JaMarr``, ``D.K.`` and ``DK`` are the same word.
SILENT = "'’‘`´.ʻ"
#: Letters that Unicode does not decompose, with what people type for them.
UNDECOMPOSED = {"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"}

_SILENT = re.compile(f"[{re.escape(SILENT)}]")
_SEPARATOR = re.compile(r"[^a-z0-9]+")
_UNDECOMPOSED = str.maketrans(UNDECOMPOSED)


def fold_code(text: str) -> str:
    """Return a code in capitals. Only ASCII has them: ``str.upper`` would make the code ``SS`` of an ``ß``."""
    code = text.strip()
    return code.upper() if code.isascii() else code


def name_key(text: str) -> str:
    """Return the form of a name for searching and equality: ``"Amaré  Barno"`` → ``"amare barno"``.

    Lower case ASCII letters and digits, words separated by one space. The empty string when nothing is left.
    """
    plain = _SILENT.sub("", text.lower())
    if not plain.isascii():  # hardly a name has an accent, and looking at each character takes most of the time
        decomposed = unicodedata.normalize("NFKD", plain.translate(_UNDECOMPOSED))
        plain = "".join(character for character in decomposed if not unicodedata.category(character).startswith("M"))
    return _SEPARATOR.sub(" ", plain).strip()
