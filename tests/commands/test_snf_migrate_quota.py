"""snf-migrate-quota on practice sites: the series, the precheck, limits that were decided."""

import pytest

from tests.helpers import cli, upgraded

LIMIT = "SELECT uplimit::int FROM im_resource WHERE name = 'astakos.pending_app'"
OWN = ("SELECT count(*) FROM im_astakosuserquota q JOIN im_resource r ON r.id = q.resource_id "
       "WHERE r.name = 'astakos.pending_app'")


@pytest.fixture(scope="module")
def registered(site_template):
    """A site with everything registered, to be copied."""
    site = site_template.copy()
    upgraded.install(site)
    upgraded.settings(site)
    upgraded.migrate(site)
    upgraded.register(site)
    yield site
    site.destroy()


@pytest.fixture
def site(registered):
    copy = registered.copy()
    upgraded.stop(copy)
    yield copy
    copy.destroy()


def quota(site, *arguments):
    return cli.run("snf-migrate-quota", *arguments, site=site)


def test_before_registering(practice_site):
    assert quota(practice_site, "--check", "--json").expect(5).json["changed"]
    assert "snf-register-services" in quota(practice_site).expect(3).err


def test_quota_and_again(site):
    quota(site, "--check").expect(5)
    done = quota(site, "--json").expect(0)
    assert [line.split()[0] for line in done.json["result"]["done"]] == [
        "snf-manage", "astakos-migrate-0.14", "snf-manage"]
    assert site.psql("astakos", LIMIT) == [(2,)] and site.psql("astakos", OWN) == [(13,)]
    held = site.psql("astakos", "SELECT count(*) FROM quotaholder_app_holding WHERE resource = "
                                "'astakos.pending_app' AND usage_max > 0")
    assert held == [(5,)]
    again = quota(site, "--json").expect(0)
    assert not again.json["changed"] and "done" not in again.json["result"]
    quota(site, "--check").expect(0)


def test_a_limit_below_what_users_have_is_refused_and_may_be_waived(site):
    done = quota(site, "--pending-app-limit", "1", "--json").expect(3)
    assert [finding["check"] for finding in done.json["findings"]] == ["quota-limit"]
    assert "--pending-app-limit 2" in done.json["findings"][0]["remedy"]
    assert site.psql("astakos", LIMIT) == [(0,)] and site.psql("astakos", OWN) == [(0,)]
    site.conf.write_text(site.conf.read_text().replace(
        "pending_app_limit = 2", "pending_app_limit = 1\nwaive = quota-limit,"))
    quota(site).expect(0)
    assert site.psql("astakos", LIMIT) == [(1,)]
    quota(site, "--check").expect(0)


def test_what_an_administrator_decided_stays(site):
    quota(site).expect(0)
    site.psql("astakos", "UPDATE im_resource SET uplimit = 7 "
                         "WHERE name = 'astakos.pending_app'")
    err = quota(site).expect(3).err
    assert "is 7" in err and "not 2" in err
    looked = quota(site, "--check", "--json").expect(0)
    assert [finding["check"] for finding in looked.json["findings"]] == ["quota-other-limit"]
    quota(site, "--set-limit").expect(0)
    assert site.psql("astakos", LIMIT) == [(2,)]


@pytest.mark.parametrize("sql", [
    "DELETE FROM im_astakosuserquota WHERE resource_id = (SELECT id FROM im_resource WHERE "
    "name = 'astakos.pending_app') AND capacity = 100",
    "UPDATE quotaholder_app_holding SET usage_min = 0, usage_max = 0 "
    "WHERE resource = 'astakos.pending_app'"])
def test_an_interrupted_series_goes_on(site, sql):
    quota(site).expect(0)
    site.psql("astakos", sql)
    quota(site, "--check").expect(5)
    quota(site).expect(0)
    assert site.psql("astakos", OWN) == [(13,)]
    quota(site, "--check").expect(0)


def test_an_own_value_of_the_administrator_counts(site):
    quota(site).expect(0)
    site.psql("astakos", "UPDATE im_astakosuserquota SET capacity = 50 WHERE capacity = 100")
    quota(site, "--check").expect(0)


@pytest.mark.parametrize("program, first, said", [
    ("snf-manage", "resource-modify", "the limit is 0"),
    ("astakos-migrate-0.14", "--usersetting", "0 of 13"),
    ("snf-manage", "reconcile-resources-astakos", "not counted")])
def test_a_program_that_exits_0_and_did_nothing(site, program, first, said):
    path = site.node("astakos") / "usr/bin" / program
    path.rename(path.with_name(program + ".real"))
    path.write_text('#!/bin/sh\n[ "$1" = %s ] && exit 0\nexec %s.real "$@"\n'
                    % (first, program))
    path.chmod(0o755)
    assert said in quota(site).expect(1).err


@pytest.mark.parametrize("limit", ["-1", "two", "2.5", "", "1e3"])
def test_what_is_no_limit(site_template, limit):
    cli.run("snf-migrate-quota", "--pending-app-limit=" + limit, site=site_template).expect(2)


def test_without_site_conf(site, tmp_path):
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    words = ("--node", site.node("astakos"), "--role", "astakos", "--settings-dir",
             "/etc/synnefo", "--db-admin", "postgresql://postgres@/postgres?host=%s/run"
             % site.dir, "--yes")
    assert "--pending-app-limit" in cli.run("snf-migrate-quota", *words, env=env).expect(2).err
    cli.run("snf-migrate-quota", *words, "--pending-app-limit", "2", env=env).expect(0)
    assert site.psql("astakos", LIMIT) == [(2,)] and site.psql("astakos", OWN) == [(13,)]
