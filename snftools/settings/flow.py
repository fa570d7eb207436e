"""Which statements of a settings file are executed: blocks whose condition is known or not."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Tuple

from snftools.settings.statements import Statement

State = Optional[bool]       # True: executed once, False: not at all, None: nobody knows
_ALWAYS = frozenset(["finally", "def", "class"])


class Flow:
    """Told the statements of one file in order, it says of each whether it is executed.

    `truth` says what a statement's condition is, None where that is not known.
    """

    def __init__(self, truth: Callable[[Statement], State]) -> None:
        self._truth = truth
        self._blocks: List[Tuple[int, State]] = []     # (depth of what is in it, state)
        self._taken: Dict[int, State] = {}             # of the if at a depth: was one branch

    def state(self, statement: Statement) -> State:
        """Of the statement itself; the header of a block opens it for those that come."""
        while self._blocks and self._blocks[-1][0] > statement.depth:
            self._blocks.pop()
        around = self._blocks[-1][1] if self._blocks else True
        if statement.header:
            inside = self._inside(statement)
            self._blocks.append((statement.depth + 1, _both(around, inside)))
        return around

    def _inside(self, statement: Statement) -> State:
        word, depth = statement.tokens[0].text, statement.depth
        if word in _ALWAYS:
            return True
        before = self._taken.get(depth) if word in ("elif", "else") else False
        now = True if word == "else" else None
        if word in ("if", "elif"):
            now = self._truth(statement)
        here = _both(_not(before), now)
        self._taken[depth] = _not(_both(_not(before), _not(now)))
        return here


def _not(state: State) -> State:
    return None if state is None else not state


def _both(one: State, other: State) -> State:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
