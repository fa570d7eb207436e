"""The stand-in packages: packages.conf read, .debs built, and the repository that offers them."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

from snftools.errors import Failed

HERE = Path(__file__).resolve().parent
_VERSIONED = re.compile(r"^(snf-|synnefo|python-(astakosclient|objpool|crypto|memcache)$)")


@dataclass(frozen=True)
class Package:
    """One version of a stand-in package; the words are those of packages.conf."""

    name: str
    version: str
    release: str
    fields: Dict[str, str]
    conffiles: Tuple[Tuple[str, Path], ...]
    files: Tuple[Tuple[int, str, Path], ...]
    links: Tuple[Tuple[str, str], ...]
    directories: Tuple[str, ...]
    daemon: str

    @property
    def upstream(self) -> str:
        """The version without epoch and Debian revision."""
        return self.version.split(":")[-1].split("-")[0]


def read_conf(path: Path) -> Dict[str, Any]:
    """A data file of the practice site as nested dictionaries."""
    from configobj import ConfigObj

    return dict(ConfigObj(str(path), interpolation=False, encoding="utf-8",
                          file_error=True, raise_errors=True).dict())


def read() -> List[Package]:
    """Every version of every package."""
    conf = read_conf(HERE / "packages.conf")
    packages = []
    for name, entry in conf["packages"].items():
        for when in ("before", "after"):
            if isinstance(entry.get(when), str):
                packages.append(_package(name, entry[when], entry, {}, conf["releases"][when]))
            elif isinstance(entry.get(when), dict):
                changes = dict(entry[when])
                packages.append(_package(name, changes.pop("version"), entry, changes,
                                         conf["releases"][when]))
    return packages


def of_role(role: str) -> List[str]:
    """The packages that a node of the role has before the upgrade."""
    return list(read_conf(HERE / "packages.conf")["roles"][role])


def build(repo: Path) -> None:
    """Build every package into `repo` and write its Packages index."""
    repo.mkdir(parents=True)
    work = repo / "work"
    paragraphs = []
    for package in read():
        _stage(package, work)
        name = "%s_%s_all.deb" % (package.name, package.version.replace(":", "%3a"))
        _dpkg_deb(work, repo / name)
        paragraphs.append(_control(package) + _index(repo / name))
        shutil.rmtree(work)
    (repo / "Packages").write_text("\n".join(paragraphs))


def _package(name: str, version: str, entry: Dict[str, Any], changes: Dict[str, Any],
             release: str) -> Package:
    words = {**entry, **changes}
    fields = {key.capitalize(): ", ".join(words[key])
              for key in ("depends", "conflicts", "replaces") if words.get(key)}
    files = [triple for line in words.get("files", []) for triple in _expand(line)]
    return Package(
        name, version, release, fields,
        tuple(_conffile(word, release) for word in words.get("conffiles", [])), tuple(files),
        tuple(_halves(word) for word in words.get("links", [])),
        tuple(words.get("directories", [])), words.get("daemon", ""))


def _halves(word: str) -> Tuple[str, str]:
    target, _, source = word.partition("=")
    return target, source


def _conffile(word: str, release: str) -> Tuple[str, Path]:
    """A name of settings/shipped (unchanged in a later release: the older file), or a path."""
    target, source = _halves(word)
    if source:
        return target, HERE / source
    shipped = HERE / "settings" / "shipped"
    newest = shipped / release / word
    if newest.exists():
        return "/etc/synnefo/" + word, newest
    return "/etc/synnefo/" + word, shipped / "0.13" / word


def _expand(line: str) -> List[Tuple[int, str, Path]]:
    mode, _, rest = line.partition(" ")
    target, pattern = _halves(rest)
    found = [Path(path) for path in sorted(glob.glob(str(HERE / pattern)))]
    if not found:
        raise Failed("packages.conf: no file %s" % pattern)
    if not target.endswith("/"):
        return [(int(mode, 8), target, found[0])]
    return [(int(mode, 8), target + path.name, path) for path in found if path.is_file()]


def _stage(package: Package, work: Path) -> None:
    """Lay out what the package ships, and its control files, below `work`."""
    for target, source in package.conffiles:
        mode = 0o640 if target.startswith("/etc/synnefo/") else 0o644
        _install(work, target, source.read_bytes(), 0o755 if "/init.d/" in target else mode)
    for mode, target, source in package.files:
        _install(work, target, source.read_bytes(), mode)
    if _VERSIONED.match(package.name):
        path = "/usr/lib/synnefo/versions/" + package.name
        _install(work, path, (package.upstream + "\n").encode(), 0o644)
    for directory in package.directories:
        (work / directory[1:]).mkdir(parents=True, exist_ok=True)
    for link, target in package.links:
        (work / link[1:]).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, str(work / link[1:]))
    for root, _, _ in os.walk(str(work)):
        os.chmod(root, 0o755)
    if (work / "etc/synnefo").exists():
        (work / "etc/synnefo").chmod(0o750)
    _install(work, "/DEBIAN/control", _control(package).encode(), 0o644)
    if package.conffiles:
        names = "".join(target + "\n" for target, _ in package.conffiles)
        _install(work, "/DEBIAN/conffiles", names.encode(), 0o644)
    for name, text in _scripts(package).items():
        _install(work, "/DEBIAN/" + name, text.encode(), 0o755)


def _install(work: Path, target: str, content: bytes, mode: int) -> None:
    path = work / target[1:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _control(package: Package) -> str:
    lines = ["Package: %s" % package.name, "Version: %s" % package.version,
             "Architecture: all", "Section: web", "Priority: optional",
             "Maintainer: The practice site <root@localhost>"]
    lines += ["%s: %s" % item for item in package.fields.items()]
    return "\n".join([*lines, "Description: stand-in for %s" % package.name, ""])


def _index(deb: Path) -> str:
    content = deb.read_bytes()
    return "Filename: ./%s\nSize: %d\nSHA256: %s\n" % (
        deb.name, len(content), hashlib.sha256(content).hexdigest())


def _scripts(package: Package) -> Dict[str, str]:
    """Maintainer scripts: the settings' group, and the daemon started as OBSERVED L saw it."""
    scripts = {}
    settings = " ".join(target for target, _ in package.conffiles if "/synnefo/" in target)
    postinst = ""
    if settings:
        postinst += ('if [ "$(id -u)" = 0 ]; then\n'
                     '    for file in /etc/synnefo %s; do\n'
                     '        [ ! -e "$DPKG_ROOT$file" ] || chgrp www-data "$DPKG_ROOT$file"\n'
                     '    done\nfi\n' % settings)
    if package.daemon:
        # A stopped daemon is started by an upgrade, and errors are hidden; 0.13 starts twice.
        twice = ' invoke-rc.d %s start || true;' % package.daemon
        postinst += ('if [ "$1" = configure ]; then\n'
                     '    if [ -n "$2" ]; then invoke-rc.d %s restart || true;\n'
                     '    else%s%s\n    fi\nfi\n'
                     % (package.daemon, twice, twice if package.release == "0.13" else ""))
        scripts["prerm"] = ('#!/bin/sh\nset -e\nif [ "$1" = remove ]; then\n'
                            '    invoke-rc.d %s stop || true\nfi\n' % package.daemon)
    if postinst:
        scripts["postinst"] = "#!/bin/sh\nset -e\n" + postinst
    return scripts


def _dpkg_deb(work: Path, deb: Path) -> None:
    done = subprocess.run(["/usr/bin/dpkg-deb", "--root-owner-group", "-Znone", "--build",
                           str(work), str(deb)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        raise Failed("dpkg-deb failed for %s" % deb.name,
                     why=done.stderr.decode("utf-8", "replace").strip())
