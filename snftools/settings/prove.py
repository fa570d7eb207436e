"""snf-settings-check on nodes: all checks in one pass, and the node's own Python asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Sequence, Tuple

from snftools.report import Finding, Report
from snftools.settings import asked, masked
from snftools.settings.checks import Subject, cloudbar, email, leftovers, shapes, tokens, urls
from snftools.settings.values import NotEvaluated

if TYPE_CHECKING:
    from snftools.node import Node

CHECKS = (urls.check, cloudbar.check, leftovers.check, shapes.check, tokens.check)


def check(pairs: Sequence[Tuple["Node", Subject]], with_email: bool) -> Report:
    """One report of several nodes, with what differs between them."""
    reports = [_one(node, subject, with_email) for node, subject in pairs]
    between = list(urls.between([subject for _, subject in pairs]))
    return Report.merge([*reports, Report(findings=tuple(between))])


def _one(node: "Node", subject: Subject, with_email: bool) -> Report:
    masked.learn(subject.directory, subject.rules)
    faults = [Finding("settings-syntax", "error", "Synnefo cannot execute this file", node.name,
                      subject.directory.file_path(where), why, "mend the line", 4)
              for where, why in subject.directory.faults()]
    findings: List[Finding] = list(faults)
    how = "by evaluating the files"
    if not faults:
        for one in CHECKS:
            findings += one(subject)
        if with_email:
            findings += email.check(subject)
    answer = asked.ask(node, subject.directory.path) if asked.has_program(node) else None
    if answer is not None:
        how += " and by snf-manage"
        findings += _compared(subject, answer)
    lines = _lines(subject, findings, how)
    if with_email and not faults:
        lines += email.lines(subject)
    return Report(findings=tuple(findings), lines=tuple(lines), result={"nodes": {node.name: {
        "directory": subject.directory.path, "values": {} if faults else subject.table(),
        "asked": answer is not None}}})


def _compared(subject: Subject, answer: asked.Asked) -> Iterator[Finding]:
    if answer.broken:
        yield Finding("settings-broken", "error", "snf-manage does not start", subject.node,
                      subject.directory.path, answer.broken, "mend that file")
        return
    for name in subject.table():
        ours = subject.value(name)
        if isinstance(ours, NotEvaluated) or ours is None or name not in answer.values:
            continue
        if ours != answer.values[name]:
            yield subject.finding("differs", "error", "%s: the files say %s, snf-manage says %s"
                                  % (name, ours, answer.values[name]), name,
                                  "this tool and Synnefo read the files differently")


def _lines(subject: Subject, findings: Sequence[Finding], how: str) -> List[str]:
    from snftools.output.text import table
    values: Dict[str, Any] = {} if list(subject.directory.faults()) else subject.table()
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = sum(finding.severity == "warning" for finding in findings)
    head = "%s  %s  %d settings files, %s" % (
        subject.node, " ".join(subject.rules.roles), len(subject.directory.files), how)
    return [head, *table([(name, "-" if value is None else value)
                          for name, value in values.items()]),
            "%d errors, %d warnings." % (errors, warnings)]
