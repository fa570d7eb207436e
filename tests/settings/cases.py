"""Runs one case of tests/settings/cases: the files of in/ under the options in args.

out/ holds all files as they must be afterwards; `refused` instead, one line a reason:
code, FILE:LINE (or -), and a part of the message.
"""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import dataclass, field
from typing import Dict, List

from snftools.release import Release
from snftools.settings.directory import SettingsDir
from snftools.settings.plan import Plan, make_plan
from snftools.settings.rules import Given, Rules

HOME = os.path.join(os.path.dirname(__file__), "cases")


@dataclass
class Done:
    plan: Plan
    files: Dict[str, bytes] = field(default_factory=dict)
    refused: List[str] = field(default_factory=list)


def names() -> List[str]:
    return sorted(os.listdir(HOME))


def read(directory: str) -> Dict[str, bytes]:
    found = {}
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), "rb") as stream:
            found[name] = stream.read()
    return found


def _pairs(values: List[str]) -> Dict[str, str]:
    return dict(value.split("=", 1) for value in values)


def options(text: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("role", "base-url", "email-value", "token"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--email", action="store_true")
    parser.add_argument("--comment-removed", action="store_true")
    return parser.parse_args(shlex.split(text))


def run_plan(files: Dict[str, bytes], args: argparse.Namespace) -> Plan:
    rules = Rules.of("0.14", Release.read().part("settings"), args.role, email=args.email)
    email = {key: [part.strip() for part in value.split(",")]
             if key in ("helpdesk", "managers", "admins") else value
             for key, value in _pairs(args.email_value).items()}
    given = Given(_pairs(args.base_url), email, _pairs(args.token))
    directory = SettingsDir.of("/etc/synnefo", files.items(), "node1", rules.names())
    return make_plan(directory, rules, given, args.comment_removed)


def run_case(directory: str) -> Done:
    files = read(os.path.join(directory, "in"))
    with open(os.path.join(directory, "args")) as stream:
        args = options(stream.read())
    plan = run_plan(files, args)
    refused = ["%d %s %s" % (finding.code, finding.where.rpartition("/")[2], finding.what)
               for finding in plan.findings if finding.severity == "error"]
    if not refused:
        refused = ["2 - %s" % missing for missing in plan.missing]
    if refused:
        return Done(plan, refused=refused)
    return Done(plan, {**files, **plan.edits.contents()})
