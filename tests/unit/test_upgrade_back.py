"""The way back as a plan, acceptance, rates, the look at the window: without a site."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest

from snftools.errors import NotVerified, Refused
from snftools.state import State
from snftools.upgrade import accept, back, backdata, estimate, measured, quiet, rollback
from snftools.upgrade import run as runs
from snftools.upgrade.assess import Assessment
from snftools.upgrade.downtime import downtime
from snftools.upgrade.journal import Journal
from snftools.upgrade.resume import Decision
from snftools.upgrade.signals import stopping
from tests.unit.test_upgrade_plan import plan

PROOF = ("/bin/snf-upgrade", "survey", "--compare", "--site", "/x/site.conf")


def journal(tmp_path, *events):
    one = Journal(str(tmp_path / "r" / "journal.jsonl"), "20131112T000411Z", "s", "0.14")
    for step, event, *proof in events:
        one.append(step, event, proof=proof[0] if proof else {})
    return one


def done(tmp_path, until):
    """Everything up to a row is done."""
    steps = plan().until(until)
    return journal(tmp_path, ("", "begun", {"plan": plan().words()}), *[
        (step.id, event, {"set": "S-" + step.label} if step.label else {})
        for step in steps for event in ("begun", "done")])


def rows(one):
    return [row.name for row in one.plan.rows]


def test_the_whole_way_in_reverse(tmp_path):
    one = back.way_back(plan(), done(tmp_path, "proof"), "", {"S": ()}, PROOF)
    assert rows(one) == ["stop", "quiet", "restore", "settings", "install", "start", "proof"]
    assert one.undoes["restore"] == ("quota", "register", "migrate.p", "migrate.c", "migrate.a")
    assert one.undoes["stop.c"] == ("start.c",) and one.undoes["start.c"] == ("stop.c",)
    steps = {step.id: step for step in one.plan.steps}
    assert steps["restore"].argv == ("/bin/snf-restore-db", "S", "--site", "/x/site.conf")
    assert steps["install.a"].argv == plan().step("install.a").undo
    assert {"restore", "settings.a", "stop.a", "quiet"} <= set(steps["install.a"].needs)
    # g2 has a window of its own: it waits for nobody, and the proof waits for it.
    assert steps["install.g2"].needs == ("stop.g2",) and "install.g2" in steps["proof"].needs
    assert not any(step.argv[1:2] == ("start",) and step.argv[2] == "--node"
                   for step in one.plan.steps)  # a line that names no service starts all


@pytest.mark.parametrize("until, expected", [
    ("survey", ["proof"]), ("stop", ["start", "proof"]), ("backup-before", ["start", "proof"]),
    ("install", ["stop", "quiet", "install", "start", "proof"]),
    ("settings-proof", ["stop", "quiet", "settings", "install", "start", "proof"])])
def test_only_what_was_done_is_undone(tmp_path, until, expected):
    assert rows(back.way_back(plan(), done(tmp_path, until), "", {}, PROOF)) == expected


def test_to_a_step_that_stays_done(tmp_path):
    one = back.way_back(plan(), done(tmp_path, "proof"), "backup-quota", {}, ())
    assert rows(one) == ["stop", "quiet"]
    one = back.way_back(plan(), done(tmp_path, "quota"), "migrate", {"S": ()}, ())
    assert rows(one) == ["stop", "quiet", "restore"]
    assert one.undoes["restore"] == ("quota", "register")


def test_the_set_between_two_steps_or_the_nearest_step(tmp_path):
    one = done(tmp_path, "backup-quota")
    assert backdata.sets_for(None, plan(), one, "migrate") == {"S-after-migrate": ()}
    assert backdata.sets_for(None, plan(), one, "backup-migrate") == {"S-after-migrate": ()}
    assert backdata.sets_for(None, plan(), one, "settings") == {"S-pre-upgrade": ()}
    assert backdata.sets_for(None, plan(), one, "quota") == {}
    for step in ("register", "verify", "migrate.a"):
        with pytest.raises(Refused) as caught:
            backdata.sets_for(None, plan(), one, step)
        assert "--to backup-migrate" in caught.value.next


def test_a_rollback_that_has_begun_keeps_to_its_sets(tmp_path):
    one = done(tmp_path, "quota")
    one.append("", "undo-begun", proof={"to": "", "sets": {"S1": [], "S2": ["d"]}})
    one.append("quota", "undone")
    assert backdata.sets_for(None, plan(), one, "") == {"S1": (), "S2": ("d",)}
    again = back.way_back(plan(), one, "", {"S1": (), "S2": ("d",)}, PROOF)
    assert {"restore-1", "restore-2"} <= set(again.undoes)
    assert again.undoes["restore-1"][0] == "quota"  # what it undid is still part of it
    assert again.plan.step("restore-2").argv[2:4] == ("--database", "d")


def test_loss_is_of_data_and_after_services_ran(tmp_path):
    one = done(tmp_path, "backup-quota")
    assert not backdata.is_lossy(plan(), one, {"S": ()})
    one.append("start.a", "begun")
    assert backdata.is_lossy(plan(), one, {"S": ()}) and not backdata.is_lossy(plan(), one, {})


def test_no_service_from_the_stop_to_the_end_of_the_way_back(tmp_path):
    one = done(tmp_path, "start")
    assert downtime(plan(), one).until is not None
    one.append("start.c", "undo-begun")
    assert downtime(plan(), one).until is None
    one.append("", "closed")
    assert downtime(plan(), one).until is not None


# -- an attempt to go back -------------------------------------------------------------------

def going_back(tmp_path, until="quota", to="", exit=0):
    """A Rollback as it is after its looks, with what it said."""
    one = rollback.Rollback.__new__(rollback.Rollback)
    one.journal, one.forward, one.to, one.lost = done(tmp_path, until), plan(), to, []
    one.up = SimpleNamespace(site=SimpleNamespace(path="/x/site.conf", name="s"))
    one.run_dir, one.asked, one.said = str(tmp_path), SimpleNamespace(exit=exit, count=0), []
    one.screen = SimpleNamespace(say=lambda lines, **more: one.said.extend(lines))
    one.problems, one.lossy = [], True
    one.runner = one._runner(one.forward, None)
    return one


def test_going_on_to_where_it_began_or_nowhere_else(tmp_path):
    one = going_back(tmp_path)
    assert one._checked("migrate") == "migrate"
    one.journal.append("", "undo-begun", proof={"to": "migrate"})
    assert one._checked("migrate") == "migrate"
    with pytest.raises(Refused, match="going back to migrate has begun"):
        one._checked("settings")


def test_much_that_would_be_lost_is_cut(tmp_path):
    one = going_back(tmp_path)
    one.lost = ["table %d" % number for number in range(rollback._SHOWN + 2)]
    assert one.loss_lines()[-1] == "  and 2 more"
    assert len(one.loss_lines()) == rollback._SHOWN + 2


def test_asked_to_stop_while_it_looks_or_works(tmp_path):
    one = going_back(tmp_path, exit=130)
    one.look = Assessment
    assert one.make(lambda question: None, False) == 130 and one.said == []
    assert one._close(130) == 130
    assert "Go on: snf-upgrade rollback --site /x/site.conf" in one.said[0]
    assert one.journal.last("", "undone") is None


def test_what_is_to_stay_done_must_be_there(tmp_path):
    one = going_back(tmp_path, to="settings")
    one.runner.ask = lambda steps: {step.id: (5 if step.row == "settings" else 0, {})
                                    for step in steps}
    with pytest.raises(NotVerified, match="is to stay done, but its --check ends with 5"):
        one._prove_rest()
    one.runner.ask = lambda steps: {step.id: (0, {}) for step in steps}
    one._prove_rest()


def test_an_undo_line_leaves_nothing_to_prove(tmp_path):
    one = going_back(tmp_path)
    assert one.runner.prove(plan().steps[0], {"x": 1}) == {}


# -- acceptance ------------------------------------------------------------------------------

def accepting(one, step, found=None):
    found = found or Assessment(done={other.id for other in plan().steps
                                      if one.state(other.id) in ("done", "found")})
    accept.accept(plan(), one, found, step, "ticket 4711", lambda question: None)


def test_a_failed_proof_is_accepted_and_recorded(tmp_path):
    one = done(tmp_path, "register")
    one.append("verify", "begun")
    one.append("verify", "failed", exit=4)
    accepting(one, "verify")
    assert one.is_accepted("verify") and one.state("verify") == "done"
    assert accept.accepted(one)["verify"]["why"] == "ticket 4711"
    one.append("verify", "begun")
    assert not one.is_accepted("verify") and accept.accepted(one) == {}


@pytest.mark.parametrize("step, said", [
    ("backup-migrate", "can't be accepted"), ("survey", "is done"), ("migrate", "is done"),
    ("verify", "needs backup-migrate, register"), ("register", "needs backup-migrate")])
def test_what_can_not_be_accepted(tmp_path, step, said):
    one = done(tmp_path, "migrate")
    with pytest.raises(Refused) as caught:
        accepting(one, step)
    assert said in caught.value.what


def test_nothing_failed_there(tmp_path):
    with pytest.raises(Refused) as caught:
        accepting(done(tmp_path, "backup-migrate"), "register")
    assert "no attempt failed" in caught.value.what
    one = done(tmp_path, "register")
    found = Assessment({"register": Decision("undone", 4)}, {}, {
        step.id for step in plan().until("backup-migrate")})
    accepting(one, "register", found)
    assert one.is_accepted("register")


# -- times -----------------------------------------------------------------------------------

def test_times_are_scaled_by_what_was_measured():
    one = plan()
    assert measured.measure(one, None, "/nowhere", {}) == measured.Measured()
    slow = measured.Measured(3.0, 2.0, "S").apply(one)
    assert slow.step("install.a").seconds == 120
    assert slow.step("backup-before").seconds_per_gb == 320
    assert estimate.without_service(slow, int(1e9)) > estimate.without_service(one, int(1e9))


def test_the_latest_moment_to_turn_back():
    one = plan()
    going = estimate.way_back(one, 0)
    assert going > 40  # at least the packages
    assert estimate.turn_back_after(one, 0, None) is None
    assert estimate.turn_back_after(one, 0, 2) == 120 - int(going)
    assert estimate.turn_back_after(one, int(1e9), 1) == 0
    assert estimate.turn_back_after(one, 0, 600) == int(estimate.without_service(one, 0))


# -- the window, signals, other runs -----------------------------------------------------------

def test_what_needs_a_quiet_site_asks_again(tmp_path):
    one, known = done(tmp_path, "backup-before"), {"quiet"}
    assert quiet.guard(plan(), one, plan().step("install.a"), known).id == "quiet"
    assert quiet.guard(plan(), one, plan().step("backup-migrate"), known).id == "quiet"
    for step in ("survey", "start.a", "verify", "install.g2"):
        assert quiet.guard(plan(), one, plan().step(step), known) is None, step
    one.append("quiet", "accepted")
    assert quiet.guard(plan(), one, plan().step("install.a"), known) is None


def test_who_runs_in_the_window_is_named():
    nodes = {"a": {"services": [{"name": "gunicorn", "running": True}]},
             "c": {"services": [{"name": "gunicorn", "running": False}]}}
    assert "gunicorn on a in the window" in quiet.why({"result": {"nodes": nodes}})
    assert "not quiet" in quiet.why({})


def test_a_hangup_stops_nothing_and_is_not_inherited():
    before = signal.getsignal(signal.SIGHUP)       # nohup: ignored
    with stopping() as asked:
        os.kill(os.getpid(), signal.SIGHUP)
        assert asked.exit == 0 and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) == before


def test_an_unfinished_run_of_another_site_is_refused_by_name(tmp_path):
    state = State(str(tmp_path))
    other = Journal(runs.journal_path(state, "20131112T000411Z"), "20131112T000411Z", "other",
                    "0.14")
    other.append("", "begun", proof={"plan": {"stop.a": []}})
    with pytest.raises(Refused) as caught:
        runs.open_run(state, "mine", "0.14", "")
    assert "20131112T000411Z of other to 0.14" in caught.value.what
    other.append("stop.a", "done")
    assert runs.is_finished(other)
    assert runs.open_run(state, "mine", "0.14", "").records == []
    assert runs.last(state, "other", "0.14").run == "20131112T000411Z"
    other.append("", "closed")
    assert runs.newest(state, "other", "0.14") is None
    assert runs.last(state, "other", "0.14") is not None


def test_lines_of_what_is_kept():
    from snftools.upgrade import closing
    old = closing.OldDatabase(None, "d_before_20131112T000411Z", 1000, ("u pid 7",))
    marked = SimpleNamespace(name="S", marks=lambda: [{"mark": "way-back"}])
    kept = closing.Kept((old,), {"20131112T000411Z": 5}, (marked,))
    text = "\n".join(kept.lines())
    assert "in use: u pid 7" in text and "--undo 20131112T000411Z" in text
    assert "S is held: way-back" in text
    with pytest.raises(Refused):
        closing.remove(State("/nowhere"), kept)


def test_a_rehearsed_step_takes_what_it_took_and_others_are_as_slow():
    one = plan()
    size = int(2 * measured.GB)
    took = {step.id: 3.0 * (step.seconds + step.seconds_per_gb * 2) for step in one.steps
            if step.row == "migrate"}
    first = next(step for step in one.steps if step.row == "install")
    took[first.id] = 0.5 * first.seconds
    timed = measured.measure(one, None, "/nowhere", {"steps": took, "size": size,
                                                     "time": "then"}).apply(one)
    for step, old in zip(timed.steps, one.steps):
        seconds = step.seconds + step.seconds_per_gb * 2
        if step.row == "migrate":
            assert abs(seconds - took[step.id]) <= 2, step.id
        elif step.row == "install":  # also on nodes where it was not rehearsed
            assert step.seconds == round(0.5 * old.seconds)
