"""The runner, on steps that are tiny scripts: proof, failure policy, resume, signals."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from snftools.errors import Failed, NotVerified
from snftools.site import NodeEntry, Site
from snftools.state import RunToken, State
from snftools.upgrade import assess, resume
from snftools.upgrade import runner as running
from snftools.upgrade.downtime import downtime
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan, Seen
from snftools.upgrade.runner import Runner
from snftools.upgrade.signals import Stopping, stopping
from snftools.upgrade.step import rows_of

# fake NAME [NODE]: makes a file; --check: 0 when it is there, else 5.  NAME.exit, .lie, .wait and
# .deaf beside it change what it does.
FAKE = """#!/bin/sh
here=$(dirname "$0")
name=$1; node=; [ "$2" = --node ] && node=$3
key=$here/state/$name.$node
echo "$*" >> $here/calls
case "$*" in
*--check*) [ -e $key ] && { echo '{"result": {"set": "S-1"}}'; exit 0; }; exit 5;;
esac
[ -e $here/$name.deaf ] && trap '' TERM
while [ -e $here/$name.wait ] || [ -e $here/$name.$node.wait ]; do sleep 0.02; done
[ -e $here/$name.exit ] && { echo boom >&2; exit $(cat $here/$name.exit); }
[ -e $here/$name.lie ] || touch $key
[ "$name" = stop ] && rm -f $here/state/start.$node
[ "$name" = start ] && rm -f $here/state/stop.$node
echo '{"changed": true, "result": {"set": {"name": "S-1"}}}'
exit 0
"""


def row(kind, needs=(), **more):
    name = more.pop("name")
    values = {"kind": kind, "nodes": "all", "roles": ["astakos", "cyclades", "ganeti"],
              "own_window": False, "serial": False, "asks_only": False, "users_write": False,
              "needs": list(needs), "command": ["fake", name, "--node", "{node}"], "undo": [],
              "undo_word": "-", "label": "", "protects": "", "starts": "", "seconds": 1,
              "seconds_per_gb": 0}
    values.update(more)
    return name, values


PART = dict([
    row("window", name="stop", own_window=True),
    row("record", ["stop"], name="backup", label="before", protects="install", nodes="site",
        command=["fake", "backup"]),
    row("state", ["backup"], name="install", own_window=True),
    row("proof", ["install"], name="versions"),
    row("state", ["versions"], name="migrate", serial=True, roles=["astakos", "cyclades"]),
    row("window", ["migrate"], name="start", users_write=True),
    row("proof", ["start"], name="proof", nodes="site", command=["fake", "proof"]),
])


class Screen:
    def __init__(self):
        self.said = []

    def begun(self, step):
        self.said.append(("begun", step.id))

    def done(self, step, seconds, answer, how):
        self.said.append((how, step.id))

    def failed(self, failure):
        self.said.append(("failed", failure.step.id))

    def live(self, running):
        pass


class Bench:
    """A plan of fake steps in a directory."""

    def __init__(self, directory: Path, part=PART):
        self.dir = directory
        self.bin = directory / "bin"
        (self.bin / "state").mkdir(parents=True)
        (self.bin / "fake").write_text(FAKE)
        (self.bin / "fake").chmod(0o755)
        nodes = (NodeEntry("a", ("astakos",)), NodeEntry("c", ("cyclades",)),
                 NodeEntry("g", ("ganeti",)), NodeEntry("g2", ("ganeti",)))
        site = Site("t", nodes, path=str(directory / "site.conf"))
        self.plan = Plan.build(site, rows_of(part), Seen(masters=("g",)), str(self.bin))
        self.state = State(str(directory / "state"))
        self.path = str(directory / "run" / "journal.jsonl")
        self.screen = Screen()
        self.failures = []

    def attempt(self, redo=(), chosen=None, asked=None, prove=None):
        journal = Journal.read(self.path, "20131112T000411Z")
        journal.site, journal.release = "t", "0.14"
        self.screen = Screen()
        self.state.make()
        lock = self.state.open_lock()
        try:
            runner = Runner(self.plan, journal, str(self.dir / "log"),
                            RunToken("20131112T000411Z", lock), self.screen,
                            asked or Stopping(), prove or (lambda step, answer: {"set": "S-1"}))
            found = assess.assess(self.plan, journal, runner.ask, redo)
            code = runner.run(found, chosen or {step.id for step in self.plan.steps})
        finally:
            os.close(lock)
        self.failures = runner.failures
        self.journal = journal
        return code, found

    def calls(self):
        path = self.bin / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def set(self, name, text=""):
        (self.bin / name).write_text(text)

    def unset(self, name):
        (self.bin / name).unlink()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def made(bench):
    return [what for how, what in bench.screen.said if how in ("done", "found")]


def test_everything_is_made_once_and_proved(bench):
    code, _ = bench.attempt()
    assert code == 0
    assert sorted(made(bench)) == sorted(step.id for step in bench.plan.steps)
    order = made(bench)
    assert order.index("migrate.a") < order.index("migrate.c") < order.index("start.a")
    assert bench.journal.state("install.a") == resume.DONE
    ran = [line for line in bench.calls() if line.startswith("install --node a")
           and "--check" not in line]
    assert len(ran) == 1 and "--json --yes --status-fd" in ran[0]


def test_again_nothing_is_run_or_stopped(bench):
    bench.attempt()
    before = len(bench.journal.records)
    (bench.bin / "calls").unlink()
    code, found = bench.attempt()
    assert code == 0 and len(bench.journal.records) == before
    assert found.done == {step.id for step in bench.plan.steps}
    assert all("--check" in line and line.split()[0] in ("install", "migrate")
               for line in bench.calls())


def test_a_step_that_is_not_proven_failed(bench):
    bench.set("install.lie")
    code, _ = bench.attempt()
    assert code == 1
    assert not any(what.startswith(("versions", "migrate", "start")) for what in made(bench))
    assert "not proven" in bench.failures[0].why


def test_after_a_failure_nothing_new_starts_and_run_goes_on_later(bench):
    bench.set("migrate.exit", "3")
    code, _ = bench.attempt()
    assert code == 3
    assert ("failed", "migrate.a") in bench.screen.said
    assert not any("migrate.c" in what for _, what in bench.screen.said)
    assert bench.failures[0].tail == ["boom"]
    bench.unset("migrate.exit")
    (bench.bin / "calls").unlink()
    code, _ = bench.attempt()
    assert code == 0
    assert not any(line.startswith("install") and "--check" not in line
                   for line in bench.calls())
    assert "start.a" in made(bench)


def test_undocumented_exits_are_failures(bench):
    bench.set("install.exit", "100")
    code, _ = bench.attempt()
    assert code == 1


def test_a_failed_ganeti_node_holds_nobody_up(bench):
    fake = bench.bin / "fake"
    fake.write_text(FAKE.replace('touch $key', '{ [ $name.$node = install.g2 ] || touch $key; }'))
    code, _ = bench.attempt()
    assert code == 1
    assert [failure.step.id for failure in bench.failures] == ["install.g2"]
    assert "proof" in made(bench)


def test_done_by_hand_is_found(bench):
    for step in bench.plan.steps:
        if step.kind == "state" or step.row == "start":
            (bench.bin / "state" / (step.row + "." + step.nodes[0])).touch()
    code, _ = bench.attempt()
    assert code == 0
    assert bench.journal.state("migrate.c") == resume.FOUND
    assert not any(line.startswith(("stop", "backup")) for line in bench.calls())
    assert any(line.startswith("versions") for line in bench.calls())


def test_a_step_found_done_does_not_make_up_for_the_stop_before_it(bench):
    for node in "acg":
        (bench.bin / "state" / ("install." + node)).touch()
    code, _ = bench.attempt()
    order = [line.split()[0] for line in bench.calls() if "--check" not in line]
    assert code == 0 and max(i for i, name in enumerate(order) if name == "stop") \
        < order.index("migrate")


def test_undone_behind_the_journals_back(bench):
    bench.attempt()
    (bench.bin / "state" / "migrate.c").unlink()
    _, found = bench.attempt(chosen={"proof"})
    assert [(step, decision.what, decision.exit) for step, decision in found.stops()] == [
        ("migrate.c", "undone", 4)]
    code, found = bench.attempt(redo=["migrate.c"])
    assert code == 0 and found.stops() == []
    assert {"stop.a", "migrate.c", "start.a", "proof"} <= set(made(bench))
    assert "backup" not in made(bench)  # what it protects was begun


def test_an_artefact_that_the_journal_does_not_name_is_not_taken(bench):
    (bench.bin / "state" / "backup.").touch()
    bench.attempt()
    assert any(line.startswith("backup") and "--check" not in line for line in bench.calls())


def test_a_named_artefact_is_kept_while_it_is_still_true(bench):
    bench.set("install.exit", "1")
    bench.attempt(chosen={"stop.a", "stop.c", "stop.g", "backup"})
    (bench.bin / "calls").unlink()
    bench.unset("install.exit")
    bench.attempt(chosen={"backup", "stop.a", "stop.c", "stop.g"})
    assert [line for line in bench.calls() if line.startswith("backup")
            and "--check" not in line] == []


def test_the_first_signal_lets_what_runs_end(bench):
    bench.set("install.wait")
    asked = Stopping()

    def ask():
        deadline = time.monotonic() + 20
        while "install.a" not in str(bench.screen.said) and time.monotonic() < deadline:
            time.sleep(0.02)
        asked._ask(signal.SIGTERM, None)
        bench.unset("install.wait")
    thread = threading.Thread(target=ask)
    thread.start()
    code, _ = bench.attempt(asked=asked)
    thread.join()
    assert code == 143
    assert bench.journal.state("install.a") == resume.DONE
    assert not any(what.startswith("versions") for what in made(bench))


def test_the_second_signal_ends_what_runs(bench):
    bench.set("install.wait")
    asked = Stopping()

    def ask():
        deadline = time.monotonic() + 20
        while "install.a" not in str(bench.screen.said) and time.monotonic() < deadline:
            time.sleep(0.02)
        asked._ask(signal.SIGINT, None)
        asked._ask(signal.SIGINT, None)
    thread = threading.Thread(target=ask)
    thread.start()
    code, _ = bench.attempt(asked=asked)
    thread.join()
    assert code == 130
    assert bench.journal.state("install.a") == resume.BEGUN
    bench.unset("install.wait")
    assert bench.attempt()[0] == 0


def test_what_ignores_the_second_signal_is_killed(bench, monkeypatch):
    monkeypatch.setattr(running, "GRACE", 0.1)
    bench.set("stop.deaf")
    bench.set("stop.wait")
    asked = Stopping()

    def stop():
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any(
                line.startswith("stop --node a") and "--check" not in line
                for line in bench.calls()):
            time.sleep(0.02)
        asked._ask(signal.SIGINT, None)
        asked._ask(signal.SIGINT, None)
    thread = threading.Thread(target=stop)
    thread.start()
    code, _ = bench.attempt(asked=asked)
    thread.join()
    assert code == 130


def test_an_artefact_that_is_refused_fails_the_step(bench):
    def prove(step, answer):
        raise NotVerified("S-1 is damaged")
    code, _ = bench.attempt(prove=prove)
    assert code == 4 and [one.step.id for one in bench.failures] == ["backup"]
    assert "S-1 is damaged" in bench.failures[0].why


def test_one_at_a_time_comes_to_the_end_too(bench, monkeypatch):
    monkeypatch.setattr(running, "PARALLEL", 1)
    code, _ = bench.attempt()
    assert code == 0


def test_nothing_is_asked_after_a_signal(bench):
    asked = Stopping()
    asked._ask(signal.SIGTERM, None)
    code, found = bench.attempt(asked=asked)
    assert code == 143 and bench.calls() == []
    assert {answer for answer, _ in found.answers.values()} == {143} and not made(bench)


def test_no_child_outlives_a_journal_that_cannot_be_written(bench, monkeypatch):
    append = Journal.append

    def full(journal, step, event, **more):
        if (step, event) == ("stop.a", "done"):
            raise Failed("can't write the journal")
        return append(journal, step, event, **more)
    monkeypatch.setattr(Journal, "append", full)
    bench.set("stop.c.wait")
    threading.Timer(0.5, bench.unset, ["stop.c.wait"]).start()
    with pytest.raises(Failed):
        bench.attempt()
    assert not (bench.bin / "stop.c.wait").exists() and (bench.bin / "state/stop.c").exists()


def test_each_row_asks_once_whether_the_site_is_quiet(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "QUIET_HOLDS", 60)
    quiet = row("window", ["stop"], name="quiet", asks_only=True, nodes="site",
                command=["fake", "quiet", "--check"])
    backup = row("record", ["quiet"], name="backup", label="before", protects="install",
                 nodes="site", command=["fake", "backup"])
    bench = Bench(tmp_path, {"stop": PART["stop"], **dict([quiet, backup]),
                             **{name: PART[name] for name in list(PART)[2:]}})
    (bench.bin / "state" / "quiet.").write_text("")
    assert bench.attempt()[0] == 0
    # Its own step, backup, the installs of three nodes together, the migrations.
    assert sum(line.startswith("quiet") for line in bench.calls()) == 4


def test_signals_are_taken_over_and_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with stopping() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.exit == 143 and not asked.at_once
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.exit == 143 and asked.at_once
    assert signal.getsignal(signal.SIGTERM) is before


def test_time_without_service_is_counted_from_the_journal(bench):
    bench.attempt()
    down = downtime(bench.plan, bench.journal)
    assert down.since is not None and down.until is not None
    assert down.seconds == (down.until - down.since).total_seconds()


def test_children_have_no_input_a_group_of_their_own_and_private_logs(bench):
    (bench.bin / "fake").write_text(FAKE.replace(
        "exit 5;;", "[ -e /dev/fd/0 ] && head -c1 | wc -c >> $here/input; exit 5;;"))
    bench.attempt()
    assert set((bench.bin / "input").read_text().split()) == {"0"}
    for path in (bench.dir / "log").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
