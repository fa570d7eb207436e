"""Numbers with units, read and shown as Synnefo's units module does (SOURCE 3.1)."""

import re

NUMBER = re.compile(r"^(\d+(?:\.\d*)?)\s*(.*)$")
EXPONENTS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
STYLES = ["b", "kb", "mb", "gb", "tb", "pb", "auto", "none"]
MULTIPLIERS = {"": 1, "bytes": 1}
for _letter, _exponent in EXPONENTS.items():
    for _name in (_letter, _letter + "b", _letter + "ib"):
        MULTIPLIERS[_name] = 1024**_exponent


def parse(text):
    """Return the whole number that `text` means. Raises ValueError."""
    match = NUMBER.match(text.strip())
    if match is None or match.group(2).strip().lower() not in MULTIPLIERS:
        raise ValueError(text)
    return int(float(match.group(1)) * MULTIPLIERS[match.group(2).strip().lower()])


def show(number, unit, style="mb"):
    """Return a limit as text: bytes in the unit of `style`, all else as the number."""
    number = int(number)
    if unit != "bytes" or style == "none":
        return str(number)
    if style == "b":
        return "%d bytes" % number
    if style == "auto":
        fitting = [name for name, power in EXPONENTS.items() if number >= 1024**power]
        if not fitting:
            return "%d bytes" % number
        style = fitting[-1] + "b"
    return "%s %s" % (number / 1024 ** EXPONENTS[style[0]], style.upper())
