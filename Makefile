# make demo   watch a whole Synnefo 0.13 site become a proven 0.14 site
# make test   every test
# make check  the fast loop: lint, types, unit tests, man pages against parsers
# make deb    the Debian package, built in a copy below build/

PYTHON = /usr/bin/python3
PYTEST = PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -p no:cacheprovider
TOOLS = build/tools
RUFF = $(shell command -v ruff || echo PYTHONPATH=$(TOOLS) $(PYTHON) -m ruff)

.PHONY: demo test check lint types unit deb deps clean

demo: deps
	@tests/demo

test: deps-test
	$(PYTEST) -n 3 --dist loadfile tests

check: lint types unit

lint:
	@command -v ruff >/dev/null || [ -d $(TOOLS)/ruff ] || \
	    $(PYTHON) -m pip install -q --target $(TOOLS) ruff
	$(RUFF) check .

types:
	$(PYTHON) -m mypy snftools

unit:
	$(PYTEST) tests/unit tests/contract

deb: deps-test
	@debian/build-in-copy build/deb

deps:
	@tests/deps

deps-test:
	@tests/deps all

clean:
	rm -rf build dist *.egg-info
