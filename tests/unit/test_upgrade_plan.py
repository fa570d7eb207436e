"""Plans: rows of steps.conf times nodes; windows; order; differences."""

from __future__ import annotations

import pytest

from snftools.errors import Invalid, Refused, Usage
from snftools.release import Release
from snftools.site import NodeEntry, Site, make_component
from snftools.upgrade import schedule
from snftools.upgrade.estimate import without_service
from snftools.upgrade.plan import Plan, Seen
from snftools.upgrade.step import rows_of

ROWS = rows_of(Release.read().part("steps"))


def site(*nodes: NodeEntry, email: bool = True) -> Site:
    return Site("test", nodes, {"astakos": make_component("astakos", "http://h/astakos")},
                email={"contact": "a@b"} if email else {}, path="/x/site.conf")


THREE = (NodeEntry("a", ("astakos",)), NodeEntry("c", ("cyclades",)), NodeEntry("p", ("pithos",)),
         NodeEntry("g1", ("ganeti",)), NodeEntry("g2", ("ganeti",)))
SEEN = Seen({"a": ("gunicorn",), "c": ("gunicorn", "snf-dispatcher"), "p": ("gunicorn",)},
            "survey", ("g1",))


def plan(*nodes: NodeEntry, seen: Seen = SEEN, email: bool = True) -> Plan:
    return Plan.build(site(*(nodes or THREE), email=email), ROWS, seen, "/bin", "RUNID")


def ids(steps):
    return [step.id for step in steps]


def test_rows_stand_in_designs_order():
    assert [row.name for row in plan().rows] == [
        "survey", "stop", "quiet", "backup-before", "install", "versions", "settings",
        "settings-proof", "migrate", "backup-migrate", "register", "verify", "quota",
        "backup-quota", "start", "proof"]


def test_each_line_is_whole():
    one = plan()
    assert one.step("install.c").argv == ("/bin/snf-install-packages", "--node", "c", "--site",
                                          "/x/site.conf")
    assert one.step("start.c").argv[:6] == ("/bin/snf-services", "start", "gunicorn",
                                            "snf-dispatcher", "--node", "c")
    assert one.step("settings.a").undo == (
        "/bin/snf-settings-rename", "--undo", "RUNID", "--node", "a", "--site", "/x/site.conf")
    assert not any("{" in word for step in one.steps for word in step.argv + step.undo)


def test_eventd_is_started_on_the_master_though_nobody_saw_it():
    assert "snf-ganeti-eventd" in plan().step("start.g1").argv
    with pytest.raises(Usage):
        plan().step("start.g2")


def test_without_email_no_line_has_the_option():
    assert not any("--email" in step.argv for step in plan(email=False).steps)
    assert "--email" in plan().step("settings-proof.p").argv


def test_migrations_run_one_node_after_the_other_and_once_a_role():
    twice = THREE + (NodeEntry("c2", ("cyclades",)),)
    one = plan(*twice)
    assert ids(one.of_row("migrate")) == ["migrate.a", "migrate.c", "migrate.p"]
    assert "migrate.a" in one.step("migrate.c").needs
    assert "migrate.c" in one.step("migrate.p").needs
    assert ids(one.of_row("install"))[:4] == ["install.a", "install.c", "install.c2",
                                              "install.p"]


def test_a_node_with_two_roles_is_migrated_once():
    one = plan(NodeEntry("n1", ("astakos", "cyclades")), NodeEntry("n2", ("pithos",)),
               seen=Seen())
    assert ids(one.of_row("migrate")) == ["migrate.n1", "migrate.n2"]


def test_other_ganeti_nodes_have_a_window_of_their_own():
    one = plan()
    assert one.step("stop.g2").window == "g2"
    assert one.step("install.g2").needs == ("stop.g2",)
    assert one.step("stop.g2").needs == ("survey",)
    assert ids(step for step in one.steps if step.window == "g2") == [
        "stop.g2", "install.g2", "versions.g2"]
    needed = {need for step in one.steps if step.window == "site" for need in step.needs}
    assert not any(need.endswith(".g2") for need in needed)


def test_offline_nodes_are_left_out_and_named():
    one = plan(*THREE[:3], NodeEntry("g3", ("ganeti",), offline=True))
    assert one.offline == ("g3",)
    assert not any("g3" in step.nodes for step in one.steps)


def test_rows_wait_for_all_nodes_of_the_row_before():
    assert plan().step("settings-proof.a").needs == ("settings.a", "settings.c", "settings.p")


def test_ready_follows_needs():
    one = plan()
    assert ids(one.ready(set())) == ["survey"]
    assert ids(one.ready({"survey"})) == ["stop.a", "stop.c", "stop.p", "stop.g1", "stop.g2"]


def test_diff_tells_lines_that_changed():
    old, new = plan(email=False).words(), plan()
    lines = new.diff(old)
    assert any(line.startswith("-settings.a ") for line in lines)
    assert any(line.startswith("+settings.a ") and "--email" in line for line in lines)
    assert new.diff(new.words()) == []


def test_steps_conf_is_checked():
    base = {"kind": "state", "nodes": "site", "roles": [], "own_window": False, "serial": False,
            "asks_only": False, "users_write": False, "needs": [], "command": ["x"],
            "undo": [], "undo_word": "-", "label": "", "protects": "", "starts": "",
            "seconds": 1, "seconds_per_gb": 0}
    with pytest.raises(Invalid):
        rows_of({"one": {**base, "needs": ["later"]}})
    with pytest.raises(Invalid):
        rows_of({"one": {**base, "command": ["x", "{nosuch}"]}})
    with pytest.raises(Invalid):
        rows_of({"one": {**base, "protects": "nosuch"}})


def test_a_failure_in_the_sites_window_stops_every_launch():
    one = plan()
    done = {"survey", "stop.a", "stop.c", "stop.p", "stop.g1", "stop.g2"}
    everything = {step.id for step in one.steps}
    assert schedule.may_start(one, everything, done, (), ("quiet",)) == []
    assert ids(schedule.may_start(one, everything, done, (), ())) == ["quiet", "install.g2"]


def test_a_failure_of_another_ganeti_node_ends_only_that_node():
    one = plan()
    done = {"survey", "stop.a", "stop.c", "stop.p", "stop.g1"}
    everything = {step.id for step in one.steps}
    assert ids(schedule.may_start(one, everything, done, (), ("stop.g2",))) == ["quiet"]


def test_only_takes_the_windows_stop_along():
    one = plan()
    assert {"stop.a", "quiet", "migrate.a"} <= schedule.chosen(one, only="migrate")
    assert "stop.g2" not in schedule.chosen(one, only="migrate")
    assert schedule.chosen(one, only="survey") == {"survey"}
    assert "survey" not in schedule.chosen(one, only="migrate")


def test_only_takes_along_what_only_looks():
    one = plan()
    assert {one.step(name).kind for name in schedule.chosen(one, only="proof")} == {"proof"}
    chosen = schedule.chosen(one, only="backup-migrate", named={"survey", "backup-quota"})
    assert {"survey", "versions.a", "stop.a", "backup-migrate"} <= chosen
    assert "backup-quota" not in chosen and "migrate.a" not in chosen


def test_only_is_refused_while_something_before_it_is_not_done():
    one = plan()
    with pytest.raises(Refused):
        schedule.check_order(one, schedule.chosen(one, only="register"), {"survey"})
    schedule.check_order(one, schedule.chosen(one, until="quiet"), set())


def test_until_ends_with_the_step():
    one = plan()
    chosen = schedule.chosen(one, until="install")
    assert "install.g1" in chosen and "versions.a" not in chosen
    with pytest.raises(Usage):
        schedule.chosen(one, until="nosuch")


def test_time_without_service_counts_from_stop_to_start():
    one = plan()
    inside = [row for row in ROWS if row.name not in ("survey", "proof")]
    serial = {"migrate": 3}
    wanted = sum(row.seconds * serial.get(row.name, 1) for row in inside)
    assert without_service(one, 0) == wanted
    assert without_service(one, 10 ** 9) > wanted
