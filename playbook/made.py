"""The files of ansible/ that follow from a plan: upgrade.yml, and a role a phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence

HEAD = "---\n# Made by playbook/generate from `snf-upgrade plan --json`.\n"
SURVEY = "survey"
RECORD = "record"

# What a node can do by itself; all else needs the whole site, or a database.
ON_NODE = ("snf-services", "snf-install-packages", "snf-check-versions", "snf-settings-rename",
           "snf-settings-check")
KNOWS_DIFF = ("snf-settings-rename",)


@dataclass(frozen=True)
class Phase:
    """The steps of one row: `own` when Ganeti nodes that are no master have one in a window of
    their own, `ordered` when each step needs the one before it."""

    name: str
    kind: str
    command: str
    site: bool
    own: bool
    ordered: bool

    @property
    def role(self) -> str:
        """The name as Ansible allows it for a role."""
        return self.name.replace("-", "_")

    @property
    def asks(self) -> bool:
        """Whether the plan decides whether it is made."""
        return self.kind == "window"


def phases(steps: Sequence[Mapping[str, Any]]) -> List[Phase]:
    """The phases of `result.steps`, in the plan's order."""
    rows: Dict[str, List[Mapping[str, Any]]] = {}
    for step in steps:
        rows.setdefault(step["id"].partition(".")[0], []).append(step)
    return [_phase(name, of_row) for name, of_row in rows.items()]


def _phase(name: str, steps: Sequence[Mapping[str, Any]]) -> Phase:
    ids = {step["id"] for step in steps}
    site, kind = ids == {name}, steps[0]["kind"]
    # A node on which nothing ran has no start in the plan; others have.
    own = any(step["window"] != "site" for step in steps) or kind == "window" and not site
    return Phase(name, kind, steps[0]["command"][0].rpartition("/")[2], site=site, own=own,
                 ordered=any(ids & set(step["needs"]) for step in steps))


def files(steps: Sequence[Mapping[str, Any]]) -> Dict[str, str]:
    """The text of each file, by its path below ansible/."""
    found = phases(steps)
    made = {"roles/%s/tasks/main.yml" % phase.role: _role(phase) for phase in found
            if phase.name != SURVEY}
    return {"upgrade.yml": _playbook([phase for phase in found if phase.name != SURVEY]), **made}


def _role(phase: Phase) -> str:
    """A role that makes the phase's step, of the site or of the host."""
    lines = _task(_title(phase), _tasks(phase))
    lines += ["  run_once: true"] if phase.site else []
    lines += ["  throttle: 1"] if phase.ordered else []
    lines += ["  vars:", "    snf_step_name: %s" % phase.name]
    lines += ["    snf_step_site: true"] if phase.site else []
    return HEAD + _text(lines)


def _tasks(phase: Phase) -> str:
    if phase.kind == RECORD:
        return "set"
    if phase.site or phase.command not in ON_NODE:
        return "step_on_control"
    return "step_with_diff" if phase.command in KNOWS_DIFF else "step"


def _playbook(found: Sequence[Phase]) -> str:
    """The site's window, the Ganeti nodes whose window is their own, the proof of all."""
    # Between the survey and the first of them, and between two of them, nothing comes due.
    last = max(number for number, phase in enumerate(found) if phase.own) + 1
    shared = [_play(phase, asks=phase.asks and number > 0 and not found[number - 1].asks)
              for number, phase in enumerate(found)]
    plays = [_aside("Survey", "survey"), *shared[:last],
             _own([phase for phase in found if phase.own]), *shared[last:],
             _aside("Record what was found", "record")]
    return HEAD + "\n".join(map(_text, plays))


def _play(phase: Phase, asks: bool) -> List[str]:
    """A phase of the window that the nodes of the site share: one failure ends all."""
    lines = _head(_title(phase), "snf_site") + ["  any_errors_fatal: true"]
    lines += ["  serial: 1"] if phase.ordered else []
    lines += ["  tags: [%s]" % phase.name]
    lines += ["  pre_tasks:", *_indented(_task("Ask what is due", "plan"))] if asks else []
    return lines + ["  roles:", "    - role: %s" % phase.role]


def _own(found: Sequence[Phase]) -> List[str]:
    """The Ganeti nodes, so many at a time: a failure is the node's own."""
    lines = _head("Ganeti nodes", "snf_own") + [
        '  serial: "{{ snf_serial | default(20) }}"',
        '  max_fail_percentage: "{{ snf_max_fail_percentage | default(25) }}"',
        "  pre_tasks:", *_indented(_task("Ask what is due", "plan") + ["  tags: [always]"]),
        "", *_indented(_task("Look whether it answers", "reachable") + ["  tags: [always]"]),
        "  roles:"]
    for phase in found:
        lines += ["    - role: %s" % phase.role, "      tags: [%s]" % phase.name]
    return lines


def _aside(title: str, task: str) -> List[str]:
    """What is no phase: made whatever tags are asked for."""
    return _head(title, "all:!offline") + [
        "  any_errors_fatal: true", "  tags: [always]", "  tasks:", *_indented(_task(title, task))]


def _head(title: str, hosts: str) -> List[str]:
    return ["- name: %s" % title, "  hosts: %s" % hosts, "  gather_facts: false"]


def _task(title: str, name: str) -> List[str]:
    return ["- name: %s" % title, "  ansible.builtin.import_role:", "    name: snf",
            "    tasks_from: %s" % name]


def _indented(lines: Sequence[str]) -> List[str]:
    return ["    " + line for line in lines]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _title(phase: Phase) -> str:
    return phase.name.replace("-", " ").capitalize()
