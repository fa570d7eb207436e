"""Guards: for every state of a database what is due and what is refused."""

import dataclasses

import pytest

from snftools.migrations import guards, preflight, run
from snftools.migrations.guards import Plan
from snftools.migrations.state import DatabaseState
from snftools.release import Release

PLAN = Plan.of(Release.read("0.14").part("migrations"))
DJANGO = ("django_content_type", "south_migrationhistory")
QH = PLAN.apps["quotaholder_app"]
OLD_QH = ("quotaholder_app_policy", "quotaholder_app_holding", "quotaholder_app_entity",
          "quotaholder_app_holder", "quotaholder_app_callserial",
          "quotaholder_app_commission.issue_time")


def made(app, upto):
    """The objects of an application after its first `upto` migrations."""
    done = set(app.migrations[:upto])
    return ([thing for thing, name in app.makes.items() if name in done]
            + [thing for thing, name in app.drops.items() if name not in done])


def astakos(im=0, qh=0, qh_rows=None, permissions=True, extra=()):
    """An astakos database with so many migrations of each application done."""
    rows = qh if qh_rows is None else qh_rows
    history = {"im": ("0001_x", PLAN.apps["im"].source) + PLAN.apps["im"].migrations[:im]}
    if rows:
        history["quotaholder_app"] = QH.migrations[:rows]
    objects = set(DJANGO) | set(made(PLAN.apps["im"], im)) | set(made(QH, qh)) | set(extra)
    objects.add("quotaholder_app_holding")
    labels = PLAN.content_types if permissions else ()
    granted = {(label, action + "_" + label.partition(".")[2])
               for label in labels for action in guards.ACTIONS}
    return DatabaseState("snf_astakos", history, frozenset(objects),
                         frozenset(PLAN.content_types), frozenset(granted))


def due(state, role="astakos"):
    return [step.name for step in PLAN.steps_of(role) if guards.due(PLAN, step, state)]


def refused(state, role="astakos"):
    return [finding.check for finding in guards.refusals(PLAN, role, state)]


def test_release_data_is_complete():
    assert {name: app.head[:4] for name, app in PLAN.apps.items()} == {
        "im": "0042", "quotaholder_app": "0007", "db": "0068", "userdata": "0003"}
    assert len(PLAN.apps["im"].migrations) == 18
    for app in PLAN.apps.values():
        for migration in [*app.makes.values(), *app.drops.values()]:
            assert migration in app.migrations
    assert set(PLAN.preflight) == set(preflight.KINDS)
    for row in PLAN.preflight.values():
        assert row["before"] in PLAN.apps[row["app"]].migrations


def test_old_database_needs_everything_and_the_fake():
    state = astakos(permissions=False)
    assert due(state) == ["sync-astakos", "adopt-quotaholder", "quotaholder", "im"]
    assert refused(state) == [] and not run.started(PLAN, state)


def test_finished_database_needs_nothing():
    state = astakos(im=18, qh=7)
    assert due(state) == [] and refused(state) == [] and run.started(PLAN, state)


def test_a_fake_that_somebody_typed_before_takes_no_way_back_away():
    assert not run.started(PLAN, astakos(qh_rows=1))
    assert run.started(PLAN, astakos(qh=2))
    assert run.started(PLAN, astakos(im=1, qh_rows=1))


@pytest.mark.parametrize("rows", range(1, 8))
def test_the_fake_is_never_due_with_a_history(rows):
    assert "adopt-quotaholder" not in due(astakos(im=18, qh=rows))


def test_no_quotaholder_tables_no_fake():
    state = astakos()
    state = dataclasses.replace(state, objects=frozenset(
        thing for thing in state.objects if not thing.startswith("quotaholder_app")))
    assert due(state) == ["sync-astakos", "quotaholder", "im"]
    assert refused(state) == []


@pytest.mark.parametrize("rows", [0, 1])
def test_repeated_fake_is_recognised_with_the_line_that_mends_it(rows):
    state = astakos(im=18, qh=7, qh_rows=rows)
    finding, = guards.refusals(PLAN, "astakos", state)
    assert (finding.check, finding.code) == ("history-damaged", 3)
    assert finding.remedy == "snf-manage migrate quotaholder_app 0007 --fake --noinput"


def test_half_done_tables_without_history_are_for_a_restore():
    finding, = guards.refusals(PLAN, "astakos", astakos(im=18, qh=3, qh_rows=1))
    assert finding.check == "history-damaged" and "snf-restore-db" in finding.remedy


@pytest.mark.parametrize("count", range(0, 19))
def test_an_interrupted_im_goes_on(count):
    state = astakos(im=count, qh=7, permissions=False)
    assert refused(state) == []
    assert due(state) == (["sync-astakos", "im"] if count < 18 else ["permissions"])


def test_lost_permissions_are_found_only_when_the_history_is_full():
    state = astakos(im=18, qh=7, permissions=False)
    step = PLAN.steps_of("astakos")[-1]
    assert step.kind == "django-permissions"
    assert len(PLAN.missing_types(step, state)) == 4
    assert sum(guards.missing_rows(label, state) for label in PLAN.content_types) == 12


def test_a_hole_in_the_history_is_damage():
    state = astakos(im=18, qh=7)
    names = tuple(name for name in state.history["im"] if "0029" not in name)
    state = dataclasses.replace(state, history=dict(state.history, im=names))
    assert refused(state) == ["history-damaged"]


def test_empty_and_foreign_databases_are_refused():
    assert refused(DatabaseState("x", {}, frozenset())) == ["database-empty"]
    assert refused(DatabaseState("x", {"auth": ("0001",)}, frozenset(DJANGO))) == [
        "database-source"]
    newer = astakos(im=18, qh=7)
    newer = dataclasses.replace(newer, history=dict(
        newer.history, im=newer.history["im"] + ("0043_later",)))
    assert refused(newer) == ["database-newer"]


def shared(im, qh):
    """astakos and cyclades in one database (OBSERVED H)."""
    state = astakos(im=im, qh=qh)
    cyclades = PLAN.apps["db"]
    return dataclasses.replace(
        state, objects=state.objects | set(made(cyclades, 0)),
        history=dict(state.history, db=(cyclades.source,),
                     userdata=(PLAN.apps["userdata"].source,)))


def test_cyclades_waits_for_astakos_in_a_shared_database():
    state = shared(0, 0)
    finding = guards.order_refusal(PLAN, "cyclades", state, ())
    assert finding is not None and finding.check == "migration-order" and finding.code == 3
    assert guards.order_refusal(PLAN, "cyclades", state, ("astakos", "cyclades")) is None
    assert guards.order_refusal(PLAN, "cyclades", shared(18, 7), ()) is None
    assert due(shared(18, 7), "cyclades") == ["sync-cyclades", "cyclades"]


def test_a_database_of_its_own_waits_for_nobody():
    cyclades = PLAN.apps["db"]
    state = DatabaseState("snf_cyclades", {"db": (cyclades.source,),
                                           "userdata": (PLAN.apps["userdata"].source,)},
                          frozenset(DJANGO) | frozenset(made(cyclades, 0)))
    assert guards.order_refusal(PLAN, "cyclades", state, ()) is None
    assert not run.started(PLAN, state)
    assert refused(state, "cyclades") == []


INDEX = "index idx_attributes_domain"


@pytest.mark.parametrize("revision, objects, wanted, checks", [
    ("27381099d477", (), ["pithos"], []),
    ("4c8ccdc58192", (INDEX,), [], []),
    (None, (), ["pithos"], ["alembic-unstamped"]),
    ("", (), ["pithos"], ["alembic-unstamped"]),
    ("3b62b3f1bf6c", (), ["pithos"], ["alembic-unknown"]),
    ("4c8ccdc58192", (), [], ["history-damaged"]),
    ("27381099d477", (INDEX,), ["pithos"], ["history-damaged"])])
def test_alembic(revision, objects, wanted, checks):
    state = DatabaseState("snf_pithos", {}, frozenset(objects), revision=revision)
    assert due(state, "pithos") == wanted
    assert refused(state, "pithos") == checks


def test_unstamped_tells_the_command_that_mends_it():
    finding, = guards.refusals(PLAN, "pithos",
                               DatabaseState("snf_pithos", {}, frozenset(), revision=""))
    assert finding.remedy == "pithos-migrate stamp 27381099d477"
