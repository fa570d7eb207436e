"""Settings text that may be shown: the secrets in it replaced."""

from __future__ import annotations

import re
from typing import Any, Iterator, Sequence

from snftools.output import mask
from snftools.settings.directory import SettingsDir
from snftools.settings.lexer import COMMENT, EOL, ERR, NAME, STRING, Token
from snftools.settings.rules import Rules
from snftools.settings.source import Source
from snftools.settings.values import NotEvaluated

HIDDEN = "'***'"
_IN_URL = re.compile(r"(://[^/\s:@'\"]*):[^@\s'\"]+@")
_IN_TEXT = re.compile(r"(?i)(passw(?:or)?d|token|secret)(\s*=\s*)[^\s'\",;&]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def shown(source: Source, rules: Rules) -> str:
    """The file's text with secrets replaced, line for line."""
    hidden = set(_secret_strings(source, rules))
    text, position = source.text, 0
    parts = []
    for token in source.tokens:
        parts.append(text[position:token.start])
        position = token.end
        if token.start in hidden:
            parts.append(HIDDEN + "".join(EOL.findall(token.text)))
        elif token.kind == COMMENT:
            parts.append(comment(token.text, rules))
        else:
            parts.append(url(token.text) if token.kind in (STRING, ERR) else token.text)
    return "".join(parts) + text[position:]


def _secret_strings(source: Source, rules: Rules) -> Iterator[int]:
    """The strings that stand after a secret's name, or after a string that names one."""
    for statement in source.statements:
        secret = any(rules.is_secret(token.text) for token in statement.tokens
                     if token.kind == NAME)
        for number, token in enumerate(statement.tokens):
            if token.kind != STRING:
                continue
            key = rules.is_secret(token.text) and _is_key(statement.tokens[number + 1:])
            if secret and not key:
                yield token.start
            secret = secret or key


def _is_key(following: Sequence[Token]) -> bool:
    return bool(following) and following[0].text in (":", "]", ",")


def comment(text: str, rules: Rules) -> str:
    """A comment without what stands after `=` or `:` behind a secret's name."""
    for match in _WORD.finditer(text):
        if rules.is_secret(match.group()):
            sign = re.compile(r"[=:]\s*").search(text, match.end())
            if sign and sign.end() < len(text):
                return url(text[:sign.end()]) + HIDDEN
    return url(text)


def url(text: str) -> str:
    """The text with the passwords of URLs and connection strings replaced."""
    return _IN_TEXT.sub(r"\1\2***", _IN_URL.sub(r"\1:***@", text))


def line(text: str, rules: Rules) -> str:
    """A source line for a message, when nothing but the line is at hand."""
    return comment(text, rules).strip()


def source_line(source: Source, number: int, rules: Rules) -> str:
    """A physical line of the file, for a message."""
    lines = EOL.split(shown(source, rules))
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


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
