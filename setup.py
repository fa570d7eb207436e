"""Build and install snf-upgrade-tools."""

import os
import re
from glob import glob

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def version():
    with open(os.path.join(HERE, "snftools", "__init__.py")) as stream:
        return re.search(r'__version__ = "([^"]+)"', stream.read()).group(1)


def first_paragraph():
    with open(os.path.join(HERE, "README.md")) as stream:
        return stream.read().split("\n\n")[1]


def data_files(package):
    """Everything below a package that is not Python: release data, SQL, settings, programs."""
    home = os.path.join(HERE, *package.split("."))
    found = []
    for directory, _, names in os.walk(home):
        found += [os.path.relpath(os.path.join(directory, name), home) for name in names
                  if not name.endswith(".pyc")]
    return found


def all_packages():
    # The practice programs are files that are copied, not modules of the library.
    return [name for name in find_packages(include=["snftools", "snftools.*"])
            if not name.startswith("snftools.practice.programs")]


def playbook():
    """Ansible's files, each in its directory."""
    return [(os.path.join("share/snf-upgrade-tools", directory),
             [os.path.join(directory, name) for name in sorted(names)])
            for directory, _, names in os.walk("ansible") if names]


setup(
    name="snf-upgrade-tools",
    version=version(),
    description="Carry a Synnefo cloud from version 0.13 to 0.14",
    long_description=first_paragraph(),
    author="snf-upgrade-tools maintainers",
    author_email="snf-upgrade-tools@example.org",
    license="GPL-3+",
    python_requires=">=3.9",
    packages=all_packages(),
    package_data={"snftools": [name for name in data_files("snftools")
                               if name.startswith(("releases/", "practice/", "output/"))]},
    data_files=[("share/man/man" + section, sorted(glob("man/*." + section)))
                for section in "578"] + playbook(),
    scripts=["bin/" + name for name in sorted(os.listdir(os.path.join(HERE, "bin")))],
    install_requires=["plumbum>=1.6.9", "configobj>=5.0.6", "psycopg2>=2.8.6"],
    extras_require={"test": ["pytest>=6.0.2", "hypothesis>=5.43", "fissix>=20.8"]},
)
