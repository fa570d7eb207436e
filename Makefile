# make demo   watch a whole Synnefo 0.13 site become a proven 0.14 site
# make test   every test
# make check  the fast loop: lint, types, unit tests, man pages against parsers
# make fire, make postgres-versions  database tests that take longer than CI may
# make crash  the whole crash matrix: every step and mechanism cut off at every place (over an
#             hour); PART=2/8: the second of eight parts
# make coverage  which lines and branches the tests reach (under an hour); TESTS=tests/unit: of these
# make cuts   the line to a node cut in every phase of an upgrade (root; CUTS=K/N: a part)
# make rehearsals  a rehearsal killed and interrupted at seven places, three with traps
# make mixes  playbook and run broken off in every row of the plan: Ctrl-C, a host gone, --limit
# make playbook  ansible/ again, from the plan of a practice site
# make ansible-versions  the playbook's tests with ansible-core 2.19 and the newest, by pip
# make deb    the Debian packages, binary and source, in dist/
# make bench NAME=startup  figures for doc/benchmarks.md; all of tests/bench without NAME
# make deb-quick  a package from the sdist by stdeb, in build/quick
# make check-piuparts RELEASE=bookworm  install, upgrade and purge there, nothing left
# make check-debian RELEASE=trixie  build, install and test below a root of that release

PYTHON = /usr/bin/python3
PYTEST = PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -p no:cacheprovider
TOOLS = build/tools
RUFF = $(shell command -v ruff || echo PYTHONPATH=$(TOOLS) $(PYTHON) -m ruff)

.PHONY: demo test check coverage crash lint types unit settings-property deb deb-quick \
    bench playbook cuts fire fire-create fire-restore fire-rest fire-big postgres-versions \
    ansible-versions mixes rehearsals check-debian check-piuparts deps deps-test clean

demo: deps
	@tests/demo

test: deps-test
	@PYTHON=$(PYTHON) tests/whole tests

check: lint types unit

lint:
	@command -v ruff >/dev/null || [ -d $(TOOLS)/ruff ] || \
	    $(PYTHON) -m pip install -q --target $(TOOLS) ruff
	$(RUFF) check .

types:
	$(PYTHON) -m mypy snftools completions playbook

crash: deps-test
	SNF_CRASH=$(or $(PART),1/1) $(PYTEST) -n 2 tests/crash

coverage: deps-test
	@PYTHON=$(PYTHON) tests/coverage $(TESTS)

unit:
	$(PYTEST) tests/unit tests/contract

# 10,000 generated settings files, judged by Python 2.7 where there is one (PYTHON2 names it).
settings-property: deps-test
	SETTINGS_EXAMPLES=5000 $(PYTEST) tests/unit/test_settings_property.py \
	    --hypothesis-show-statistics

# Backups at every point with every signal, 5,000 tables, 2 GB: longer than CI may take.  Its
# pieces can be run apart: make fire-create fire-restore fire-rest fire-big
FIRE = SNF_TEST_FIRE=1 $(PYTEST) tests/database
fire: fire-create fire-restore fire-rest fire-big
fire-create: deps-test
	$(FIRE)/test_backups_fire.py -k during_create
fire-restore: deps-test
	$(FIRE)/test_backups_fire.py -k during_restore
fire-rest: deps-test
	$(FIRE)/test_backups_fire.py -k "not during_create and not during_restore"
fire-big: deps-test
	$(FIRE)/test_backups_big.py

# PostgreSQL of Debian 11 and 13 in roots of their own (root, network), and the tests with them.
postgres-versions: deps-test
	@tests/postgres-versions build/postgres
	SNF_TEST_POSTGRES=$(CURDIR)/build/postgres $(PYTEST) -rs tests/database/test_backups_versions.py

# pip's ansible-core in environments of their own; check-debian takes that of a release.
ansible-versions: deps-test
	@tests/ansible-versions build/ansible
	for version in 2.19 newest; do \
	    SNF_TEST_ANSIBLE=$(CURDIR)/build/ansible/$$version/bin/ansible-playbook \
	    $(PYTEST) -rs $(or $(TESTS),tests/ansible tests/unit/test_upgrade_inventory.py) || exit 1; \
	done

rehearsals: deps-test
	SNF_REHEARSALS=all $(PYTEST) tests/site/test_site_rehearse_traps.py -k "killed or interrupted or can_meet"

mixes: deps-test
	SNF_MIXES=all $(PYTEST) tests/ansible/test_mixed.py tests/ansible/test_unreachable.py

# The line broken in every phase of an upgrade of real hosts; CUTS=K/N: the K-th of N parts of
# five rounds; CUTS=sample: three places.
cuts: deps-test
	SNF_CUTS=$(or $(CUTS),1/1) $(PYTEST) -s tests/ssh/test_cuts.py tests/ssh/test_ssh_policy.py

deb: deps-test
	@DEB_BUILD_OPTIONS="$(DEB_BUILD_OPTIONS)" debian/build-in-copy dist -F

deb-quick:
	@debian/build-quick build/quick

bench: deps
	@for script in tests/bench/$(or $(NAME),*).py; do \
	    echo "== $$script"; $(PYTHON) -B $$script || exit 1; done

check-debian:
	@debian/check-release $(RELEASE) $(TESTS)

check-piuparts:
	@debian/check-piuparts $(RELEASE) $(PREVIOUS)

playbook: deps
	$(PYTHON) -B playbook/generate

deps:
	@tests/deps

deps-test:
	@tests/deps all

clean:
	rm -rf build dist *.egg-info
