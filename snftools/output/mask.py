"""No secret leaves the process: known values, tokens that Synnefo prints, South's SQL.

Whoever reads a secret (a settings value, a token column) calls `learn`; whatever is printed,
logged or raised goes through `clean`.
"""

from __future__ import annotations

import re
from typing import Set
from urllib.parse import quote, quote_plus

MASKED = "********"

# A shorter value would blot out ordinary words (a password "a" masks every a).
_SHORTEST = 4

_secrets: Set[str] = set()
_TOKEN = re.compile(r"((?:Token|X-Auth-Token|auth_token)['\"]?\s*[:=]\s*)(\S+)")
_URI_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)([^\s@/]+)(@)")
_SOUTH = re.compile(r"^.*\bsouth\b.*\[DEBUG\].*$")


def learn(secret: object) -> None:
    """Remember a secret; None, numbers and values under 4 characters are not secrets."""
    if isinstance(secret, bytes):
        secret = secret.decode("utf-8", "replace")
    if not isinstance(secret, str) or len(secret) < _SHORTEST:
        return
    # The same value appears quoted in URLs and escaped in JSON or Python text.
    _secrets.update((secret, quote(secret, safe=""), quote(secret), quote_plus(secret),
                     repr(secret)[1:-1], secret.replace("\\", "\\\\").replace('"', '\\"')))


def forget_all() -> None:
    """Forget every secret (for tests)."""
    _secrets.clear()


def clean(text: str) -> str:
    """The text without any known secret, token value or password in a URI."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASKED)
    text = _TOKEN.sub(lambda match: match.group(1) + MASKED, text)
    return _URI_PASSWORD.sub(lambda match: match.group(1) + MASKED + match.group(3), text)


def clean_program_output(text: str) -> str:
    """Output of Synnefo's programs: without South's [DEBUG] lines (OBSERVED A), cleaned.

    A [DEBUG] line's SQL may go on over several lines; they end where the next record or
    progress line begins.
    """
    kept = []
    inside = False
    for line in text.splitlines():
        if _SOUTH.match(line):
            inside = not line.rstrip().endswith("]\"")
            continue
        if inside:
            if "with params" in line:
                inside = False
                continue
            if not _starts_record(line):
                continue
            inside = False
        kept.append(line)
    return clean("\n".join(kept) + ("\n" if text.endswith("\n") and kept else ""))


def _starts_record(line: str) -> bool:
    """Whether a line can't be the rest of a logged SQL statement."""
    return bool(re.match(r"^( [-><?!] |Traceback|Running|[A-Za-z]+(Error|Exception)\b)", line))
