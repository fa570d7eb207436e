"""Screens: what an administrator reads, within 80 columns of ASCII."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

from snftools.upgrade.downtime import Downtime
from snftools.upgrade.journal import Journal
from snftools.upgrade.job import Failure
from snftools.upgrade.screens import failure, final, plan as plan_screen, status, summary
from tests.unit.test_upgrade_plan import plan

NO_TIME = Downtime(0, None, None)


def failed(step_id="migrate.c", **more):
    values = dict(exit=1, seconds=3.0, answer={}, tail=[], log="/state/log/migrate.c")
    values.update(more)
    return Failure(plan().step(step_id), **values)


def test_a_failure_says_what_the_command_said():
    answer = {"error": {"what": "snf-manage migrate: exit 1 in db 0066_add_iv", "node": "c",
                        "why": "it needs python-crypto 2.1", "unchanged": "settings",
                        "next": "snf-migrate-db --node c"}}
    text = "\n".join(failure.lines(failed(answer=answer), plan()))
    for part in ("snf-migrate-db: c: snf-manage migrate: exit 1 in db 0066_add_iv",
                 "python-crypto 2.1", "Unchanged", "snf-migrate-db --node c",
                 "/state/log/migrate.c"):
        assert part in text


def test_a_failure_without_an_answer_shows_the_end_of_its_log():
    text = "\n".join(failure.lines(failed(tail=["Traceback", "ImportError: x"]), plan()))
    assert "ImportError: x" in text and "exit 1" in text


def test_a_failure_with_findings_shows_them_with_their_remedies():
    answer = {"findings": [{"check": "versions", "severity": "error", "what": "too old",
                            "node": "c", "remedy": "snf-install-packages --node c"}]}
    text = "\n".join(failure.lines(failed("versions.c", answer=answer), plan()))
    assert "too old" in text and "Mend: snf-install-packages --node c" in text


def test_the_end_says_what_to_type_and_how_far_it_came():
    one = plan()
    done = [step.id for step in one.steps[:[s.id for s in one.steps].index("migrate.a") + 1]]
    since = datetime(2013, 11, 12, tzinfo=timezone.utc)
    text = "\n".join(failure.ending([failed()], one, done, Downtime(200, since, None),
                                    "/x/site.conf"))
    assert "snf-upgrade run --site /x/site.conf" in text
    assert "snf-migrate-db --node c --site /x/site.conf" in text
    assert "down since 3:20" in text
    assert "8 of 16 steps done, migrate failed on 1 of 3 nodes, 7 not begun." in text


def test_the_plan_fits_80_columns_and_says_where_users_write():
    lines = plan_screen.rows_table(plan())
    assert all(len(line) <= 80 and line.isascii() for line in lines)
    names = [line.split()[0] for line in lines if line[0] not in " -"]
    assert names[0] == "step" and names[-1] == "proof"
    assert any(line.startswith("---- from here on users write") for line in lines)


def test_verbose_gives_each_line_to_paste():
    text = "\n".join(plan_screen.verbose_lines(plan()))
    assert "/bin/snf-install-packages --node c --site /x/site.conf" in text
    assert "undo: /bin/snf-install-packages --undo RUNID --node c --site /x/site.conf" in text


def test_summaries_are_counts_of_the_answer():
    one = plan()
    backup = {"result": {"set": {"name": "S", "databases": [
        {"size": 1000, "level": "restore"}, {"size": 2000, "level": "restore"}]}}}
    assert summary.summary(one.step("backup-before"), backup, "done") == \
        "2 databases, 3.0 kB, by restore"
    packages = {"result": {"nodes": {"a": {"packages": [{}, {}]}}},
                "findings": [{"severity": "warning"}]}
    assert summary.summary(one.step("install.a"), packages, "done") == "2 packages, 1 warning"
    assert summary.summary(one.step("verify"), {}, "done") == ""
    assert summary.summary(one.step("survey"), {"result": {"run": "x"}}, "done") == ""


def test_status_reads_the_journal_alone(tmp_path):
    journal = Journal(str(tmp_path / "r" / "journal.jsonl"), "20131112T000411Z", "s", "0.14")
    journal.append("", "begun", proof={"plan": {"survey": [], "stop.a": [], "stop.c": []}})
    for step, event in (("survey", "begun"), ("survey", "done"), ("stop.a", "begun")):
        journal.append(step, event)
    text = "\n".join(status.lines(journal, "s"))
    assert "1 of 3 command lines done, begun: stop.a" in text
    assert "running, or was cut off" in text
    journal.append("stop.a", "failed", exit=1, proof={"what": "it stays"})
    journal.append("", "failed", exit=1)
    text = "\n".join(status.lines(journal, "s"))
    assert "FAILED" in text and "it stays" in text and "cut off" not in text


def test_the_last_screen_names_what_was_not_proven():
    answer = {"exit": 0, "result": {}, "findings": []}
    facts = {name: dict(answer) for name in ("versions", "databases", "settings", "registered",
                                             "quota", "services", "backups")}
    facts["quota"]["exit"] = 5
    facts.update(survey={}, left=[], sets=[])
    up = SimpleNamespace(site=SimpleNamespace(name="s", target="", backup_dir="/b", nodes=()),
                         release=SimpleNamespace(name="0.14"))
    assert final.unproven(facts) == ["quota"]
    text = "\n".join(final.lines(up, facts, NO_TIME))
    assert "Not proven at the end: quota" in text and "is at Synnefo" not in text
    facts["quota"]["exit"] = 0
    text = "\n".join(final.lines(up, facts, NO_TIME))
    assert "s is at Synnefo 0.14.  Proven" in text and "Not proven" not in text
