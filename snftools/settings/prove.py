"""snf-settings-check on nodes: all checks in one pass, and the node's own Python asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Sequence, Tuple

from snftools.report import SEVERITIES, Finding, Report
from snftools.settings import asked, masked
from snftools.settings.checks import (
    Subject, cloudbar, defaults, email, leftovers, mail, readable, shapes, tokens, urls,
    webserver)

if TYPE_CHECKING:
    from snftools.node import Node

CHECKS = (urls.check, cloudbar.check, tokens.check, leftovers.check, webserver.check,
          readable.check, shapes.check, defaults.check)
# What a file that cannot be read as Python says nothing about.
OUTSIDE = (webserver.check, readable.check)


def check(pairs: Sequence[Tuple["Node", Subject]], unread: Sequence[Finding] = ()) -> Report:
    """One report of several nodes, with what differs between them.

    `unread`: of the nodes whose settings could not be read.
    """
    reports, subjects = [], []
    for node, subject in pairs:
        report, asked_subject = _one(node, subject)
        reports.append(report)
        subjects.append(asked_subject)
    between = list(urls.between([one for one in subjects if not list(one.directory.faults())]))
    report = Report.merge([*reports, Report(findings=(*between, *unread))])
    lines = report.lines[:-1]            # the last node needs no empty line below it
    return replace(report, lines=lines, findings=tuple(sorted(
        report.findings, key=lambda finding: SEVERITIES.index(finding.severity))))


def _one(node: "Node", subject: Subject) -> Tuple[Report, Subject]:
    masked.learn(subject.directory, subject.rules)
    findings = [subject.finding("syntax", "error", "Synnefo cannot execute this file", "", why,
                                "mend the line", subject.directory.file_path(where), code=78)
                for where, why in subject.directory.faults()]
    broken = bool(findings)
    answer = asked.ask_if_there(node, subject.directory.path)
    if answer is not None:
        subject = replace(subject, answer=answer)
        findings += _answered(subject, answer, broken)
    for one in OUTSIDE if broken else CHECKS:
        findings += one(subject)
    if subject.with_email and not broken:
        findings += email.check(subject)
    facts = _facts(subject, answer is not None and not answer.failed, broken)
    return Report(findings=tuple(findings), lines=tuple(_lines(subject, findings, facts)),
                  result={"nodes": {node.name: facts}}), subject


def _answered(subject: Subject, answer: asked.Asked, broken: bool) -> Iterator[Finding]:
    """What the node's own Python says of the files, beside what they say to us."""
    if answer.broken and not broken:
        code = 78 if "SyntaxError" in answer.broken or "IndentationError" in answer.broken else 4
        yield subject.finding("broken", "error", "snf-manage does not start", "",
                              masked.url(answer.broken), "mend that file", code=code)
    elif answer.failed:
        yield subject.finding("not-asked", "error", "snf-manage diffsettings gives no answer", "",
                              masked.url(answer.failed), "try it on the node", code=1)
    for name, ours, theirs in asked.differing(subject.directory, answer):
        secret = subject.rules.is_secret(name)
        values = "" if secret else ": the files say %r, snf-manage says %r" % (ours, theirs)
        yield subject.finding("asked", "error", "%s is read in two ways%s" % (
            name, masked.url(values)), name,
            "this tool and Synnefo do not agree on the files: trust snf-manage")


def _facts(subject: Subject, answered: bool, broken: bool) -> Dict[str, Any]:
    """What --json tells of a node."""
    unknown = [] if broken else _unknown(subject)
    return {"directory": subject.directory.path, "roles": list(subject.rules.roles),
            "files": [source.name for source in subject.directory.files],
            "values": {} if broken else subject.table(), "asked": answered, "unknown": unknown,
            "mail": mail.rows(subject) if subject.with_email and not broken else []}


def _unknown(subject: Subject) -> List[str]:
    """The settings whose value neither the files nor snf-manage tell."""
    return [name for name in subject.directory.unknown()
            if name.isupper() and name not in subject.answer.values]


def _lines(subject: Subject, findings: Sequence[Finding], facts: Dict[str, Any]) -> List[str]:
    from snftools.output.text import table
    count = {kind: sum(finding.severity == kind for finding in findings)
             for kind in ("error", "warning", "note")}
    head = "%s  %s  %d settings files, by %s" % (
        subject.node, " ".join(subject.rules.roles), len(facts["files"]),
        "their text and snf-manage" if facts["asked"] else "their text alone")
    lines = [head, *table([(name, "-" if value is None else value)
                           for name, value in facts["values"].items()])]
    if facts["unknown"]:
        lines += _wrapped("  not computed: " + ", ".join(facts["unknown"]))
    if facts["mail"]:
        lines += ["", *mail.lines(subject)]
    ending = ", ".join("%d %s%s" % (number, kind, "" if number == 1 else "s")
                       for kind, number in count.items() if number or kind == "error")
    following = [] if count["error"] or not subject.next_step else [
        "  Next: " + subject.next_step]
    return [*lines, "  " + ending, *following, ""]


def _wrapped(text: str) -> List[str]:
    import textwrap
    return textwrap.wrap(text, 80, subsequent_indent="    ", break_long_words=False)
