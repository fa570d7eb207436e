"""snf-services on practice sites: proved by processes, not by what init scripts say."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest

from tests.helpers.cli import run


def _running(site: Any) -> Dict[str, List[str]]:
    nodes = run("snf-services", "status", "--json", site=site).expect(0).json["result"]["nodes"]
    return {node: [one["name"] for one in row["services"] if one["running"]]
            for node, row in nodes.items()}


ALL = {"astakos": ["gunicorn"], "cyclades": ["gunicorn", "snf-dispatcher"],
       "pithos": ["gunicorn"], "ganeti": ["snf-ganeti-eventd"]}


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_whole_site_there_and_back(practice_site: Any) -> None:
    site = practice_site
    assert _running(site) == ALL
    done = run("snf-services", "stop", "--check", "--node", "all", "--json", site=site).expect(5)
    assert {one["check"] for one in done.json["findings"]} == {"service-runs", "foreign-session"}
    assert all(one["severity"] != "error" for one in done.json["findings"])

    done = run("snf-services", "stop", "--node", "all", "--json", site=site).expect(0)
    assert done.json["changed"] and not done.json["findings"]
    assert not any(_running(site).values())
    undo = done.json["result"]["undo"]
    assert undo == ["snf-services start gunicorn --node astakos",
                    "snf-services start gunicorn snf-dispatcher --node cyclades",
                    "snf-services start gunicorn --node pithos",
                    "snf-services start snf-ganeti-eventd --node ganeti"]
    run("snf-services", "stop", "--check", "--node", "all", site=site).expect(0)
    again = run("snf-services", "stop", "--node", "all", "--json", site=site).expect(0)
    assert not again.json["changed"] and again.json["result"]["undo"] == []

    run("snf-services", "start", "--check", "--node", "all", site=site).expect(5)
    for line in undo:
        run(*line.split(), site=site).expect(0)
    assert _running(site) == ALL
    run("snf-services", "start", "--check", "--node", "all", site=site).expect(0)
    again = run("snf-services", "start", "--node", "all", "--json", site=site).expect(0)
    assert not again.json["changed"]


def test_one_service_of_one_node_without_a_site_conf(practice_site: Any, tmp_path: Path) -> None:
    root = practice_site.node("cyclades")
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    done = run("snf-services", "stop", "snf-dispatcher", "--node", root, "--role", "cyclades",
               env=env).expect(0)
    line = "snf-services start snf-dispatcher --node %s --role cyclades" % root
    assert "Undo:  " + line in done.out
    assert _running(practice_site)["cyclades"] == ["gunicorn"]
    run(*line.split(), env=env).expect(0)
    assert _running(practice_site) == ALL


def test_stop_names_what_stays(practice_site: Any) -> None:
    root = practice_site.node("cyclades")
    _edit(root / "etc/init.d/snf-dispatcher", 'kill -TERM "$(cat "$PIDFILE")"', ":")
    pid = (root / "var/run/synnefo/snf_dispatcher.pid").read_text().strip()
    done = run("snf-services", "stop", "--node", "cyclades", "--timeout", "1", "--json",
               site=practice_site).expect(1)
    errors = [one for one in done.json["findings"] if one["severity"] == "error"]
    assert [one["check"] for one in errors] == ["service-stays"]
    assert "pid " + pid in errors[0]["what"] and errors[0]["remedy"].startswith("kill " + pid)
    assert "exit 0" in errors[0]["why"]
    # gunicorn was stopped, and only that can be undone.
    assert done.json["result"]["undo"] == ["snf-services start gunicorn --node cyclades"]
    # Its pidfile is gone, and its status says that it is down: the process list knows better.
    assert not (root / "var/run/synnefo/snf_dispatcher.pid").exists()
    run("snf-services", "stop", "--check", "--node", "cyclades", site=practice_site).expect(5)
    os.kill(int(pid), signal.SIGKILL)
    run("snf-services", "stop", "--node", "cyclades", site=practice_site).expect(0)


def test_foreign_sessions_are_named(practice_site: Any) -> None:
    run("snf-services", "stop", "--node", "all", site=practice_site).expect(0)
    shell = practice_site.server.connect(practice_site.database("cyclades"))
    try:
        done = run("snf-services", "stop", "--check", "--node", "all", "--json",
                   site=practice_site).expect(4)
        found = [one for one in done.json["findings"] if one["check"] == "foreign-session"]
        assert len(found) == 1 and found[0]["where"] == practice_site.database("cyclades")
        assert "pid %d" % shell.info.backend_pid in found[0]["what"]
        run("snf-services", "stop", "--node", "all", site=practice_site).expect(4)
        done = run("snf-services", "stop", "--node", "astakos", "--json",
                   site=practice_site).expect(0)
        assert [one["severity"] for one in done.json["findings"]] == ["warning"]
        text = practice_site.conf.read_text()
        practice_site.conf.write_text("waive = foreign-session,\n" + text)
        run("snf-services", "stop", "--check", "--node", "all", site=practice_site).expect(0)
    finally:
        shell.close()


def test_no_database_server_no_start_and_no_word_on_sessions(practice_site: Any) -> None:
    run("snf-services", "stop", "--node", "all", site=practice_site).expect(0)
    practice_site.server.stop()
    done = run("snf-services", "stop", "--check", "--node", "all", "--json",
               site=practice_site).expect(1)
    assert [one["check"] for one in done.json["findings"]] == ["database-unknown"]
    done = run("snf-services", "stop", "--node", "pithos", "--json", site=practice_site).expect(0)
    assert [one["severity"] for one in done.json["findings"]] == ["warning"]
    run("snf-services", "start", "--node", "astakos", site=practice_site).expect(3)
    # The Ganeti node has no database.
    run("snf-services", "start", "--node", "ganeti", site=practice_site).expect(0)
    assert _running(practice_site) == {**{name: [] for name in ALL},
                                       "ganeti": ["snf-ganeti-eventd"]}


def test_disabled_is_told_and_not_started(practice_site: Any) -> None:
    root = practice_site.node("cyclades")
    run("snf-services", "stop", "--node", "cyclades", site=practice_site).expect(0)
    _edit(root / "etc/default/snf-dispatcher", "ENABLE=true", "ENABLE=false")
    done = run("snf-services", "start", "--node", "cyclades", "--json",
               site=practice_site).expect(0)
    assert [(one["check"], one["where"]) for one in done.json["findings"]] == [
        ("service-disabled", "snf-dispatcher")]
    assert "SNF_DSPTCH_ENABLE=false" in done.json["findings"][0]["why"]
    assert _running(practice_site)["cyclades"] == ["gunicorn"]
    run("snf-services", "start", "--check", "--node", "cyclades", site=practice_site).expect(0)
    assert "disabled" in run("snf-services", "status", "--node", "cyclades",
                             site=practice_site).expect(0).out


def test_eventd_only_on_the_master(practice_site: Any) -> None:
    root = practice_site.node("ganeti")
    run("snf-services", "stop", "--node", "ganeti", site=practice_site).expect(0)
    master = root / "var/lib/ganeti/ssconf_master_node"
    was = master.read_text()
    master.write_text("other.example.org\n")
    done = run("snf-services", "start", "--node", "ganeti", "--json",
               site=practice_site).expect(0)
    assert not done.json["changed"]
    assert [one["check"] for one in done.json["findings"]] == ["not-the-master"]
    master.unlink()
    assert "getmaster" in run("snf-services", "start", "--node", "ganeti",
                              site=practice_site).expect(1).err
    master.write_text(was)
    run("snf-services", "start", "--node", "ganeti", site=practice_site).expect(0)


def test_a_daemon_that_dies_of_its_settings_did_not_start(practice_site: Any) -> None:
    root = practice_site.node("cyclades")
    run("snf-services", "stop", "--node", "cyclades", site=practice_site).expect(0)
    (root / "usr/bin/snf-dispatcher").write_text(
        "#!/bin/sh\nsleep 0.3 &\necho $! >\"$2\"\nexit 0\n")
    done = run("snf-services", "start", "snf-dispatcher", "--node", "cyclades", "--timeout", "2",
               "--json", site=practice_site).expect(1)
    found = done.json["findings"][0]
    assert found["check"] == "service-down" and "exit 0" in found["why"]


def test_a_port_held_by_others_is_not_closed(practice_site: Any) -> None:
    import socket
    run("snf-services", "stop", "--node", "astakos", site=practice_site).expect(0)
    text = (practice_site.node("astakos") / "etc/gunicorn.d/synnefo").read_text()
    port = int(text.split("--bind=")[1].split(":")[1].split("'")[0].split('"')[0])
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        held.listen(1)
        for words in (["--check"], []):
            done = run("snf-services", "stop", *words, "--node", "astakos", "--json",
                       site=practice_site).expect(4)
            assert [one["check"] for one in done.json["findings"]
                    if one["severity"] == "error"] == ["socket-open"]


def test_usage(running_site: Any) -> None:
    assert "no such service" in run("snf-services", "stop", "postgresql", "--check",
                                    site=running_site).expect(2).err
    assert "belongs to none" in run("snf-services", "start", "snf-dispatcher", "--check",
                                    "--node", "astakos", site=running_site).expect(2).err
    for seconds in ("0", "-1", "soon", "nan"):
        run("snf-services", "stop", "--timeout", seconds, site=running_site).expect(2)
    done = run("snf-services", "stop", site=running_site).expect(2)
    assert "astakos, cyclades, pithos, ganeti" in done.err
    assert _running(running_site) == ALL


def test_settings_elsewhere_name_the_databases(running_site: Any, tmp_path: Path) -> None:
    done = run("snf-services", "stop", "--check", "--node", "pithos", "--settings-dir",
               "/etc/default", "--json", site=running_site).expect(5)
    assert "database-unknown" in [one["check"] for one in done.json["findings"]]


def test_other_programs_of_that_name_on_the_machine_do_not_count(running_site: Any) -> None:
    with subprocess.Popen(["/usr/bin/python3", "-c",
                           "import time; time.sleep(60)", "snf-dispatcher"]) as other:
        try:
            done = run("snf-services", "status", "--json", site=running_site).expect(0)
            assert str(other.pid) not in done.out
        finally:
            other.kill()


@pytest.mark.parametrize("action", ["status", "stop"])
def test_one_host(practice_site_one_host: Any, action: str) -> None:
    site = practice_site_one_host
    if action == "stop":
        run("snf-services", "stop", "--node", "all", site=site).expect(0)
    assert _running(site) == ({"node1": ["gunicorn", "snf-dispatcher"], "node2": ["gunicorn"],
                               "ganeti": ["snf-ganeti-eventd"]} if action == "status"
                              else {"node1": [], "node2": [], "ganeti": []})
