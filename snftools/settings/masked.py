"""Settings text that may be shown: the secrets in it replaced."""

from __future__ import annotations

import re
from typing import Any, Iterator

from snftools.output import mask
from snftools.settings.directory import SettingsDir
from snftools.settings.lexer import COMMENT, STRING
from snftools.settings.rules import Rules
from snftools.settings.source import Source
from snftools.settings.values import NotEvaluated

HIDDEN = "'***'"
_IN_URL = re.compile(r"(://[^/\s:@'\"]*):[^@\s'\"]+@")
_IN_DICT = re.compile(r"(['\"]\w*(?:PASSWORD|SECRET|TOKEN)\w*['\"]\s*:\s*)(['\"]).*?\2", re.I)
_COMMENTED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\s*=\s*)(\S.*)")


def shown(source: Source, rules: Rules) -> str:
    """The file's text with secrets replaced, line for line."""
    hidden = set(_secret_strings(source, rules))
    parts = []
    for token in source.tokens:
        if token.start in hidden:
            parts.append(HIDDEN + "\n" * (token.text.count("\n")))
        elif token.kind == COMMENT:
            parts.append(comment(token.text, rules))
        else:
            parts.append(url(token.text))
    return "".join(parts)


def _secret_strings(source: Source, rules: Rules) -> Iterator[int]:
    for names in source.names:
        for bound in names.bound:
            if rules.is_secret(bound.name):
                for token in bound.statement.tokens:
                    if token.kind == STRING:
                        yield token.start


def comment(text: str, rules: Rules) -> str:
    """A comment without the value of a secret that is commented out."""
    match = _COMMENTED.search(text)
    if match and rules.is_secret(match.group(1)):
        return text[:match.start(3)] + HIDDEN
    return url(text)


def url(text: str) -> str:
    """The text with the passwords of URLs replaced."""
    return _IN_DICT.sub(r"\1" + HIDDEN, _IN_URL.sub(r"\1:***@", text))


def line(text: str, rules: Rules) -> str:
    """A source line for a message."""
    return comment(text, rules).strip()


def learn(directory: SettingsDir, rules: Rules) -> None:
    """Tell the output's filter every secret that the settings hold."""
    for name in directory.names():
        if rules.is_secret(name):
            try:
                _learn(directory.value(name), name)
            except NotEvaluated:
                continue


def _learn(value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict) or "PASSWORD" in str(key).upper():
                _learn(item, str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            _learn(item, name)
    elif isinstance(value, str) and value:
        password = re.search(r"://[^/\s:@]*:([^@\s]+)@", value)
        mask.learn(password.group(1) if password else value)
