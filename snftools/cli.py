"""The contract at the command line: common options, and errors turned into exit codes.

A command is `main(argv) = run(build_parser, act, argv)`; `act(args)` returns a Report or
raises an error of `errors`.  Nothing heavy is imported here: `--help` stays fast.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

from snftools import __version__
from snftools.errors import Failed, Refused, SnfError, Usage

TYPE_CHECKING = False    # typing itself is a fifth of what `--help` costs
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

    from snftools.report import Report

    Act = Callable[[argparse.Namespace], Report]

# What every args has, also where the command has no such option.
_DEFAULTS: Dict[str, Any] = {
    "site": None, "node": [], "role": [], "base_url": [], "email_value": [], "db_admin": None,
    "backup_dir": None, "settings_dir": None, "check": False, "undo": None, "yes": False,
    "json": False, "quiet": False, "verbose": 0, "color": "auto", "status_fd": None,
}

_OPTIONS: Dict[str, List[Any]] = {
    "node": [["--node"], dict(action="append", metavar="NAME",
             help="act on this node (repeats; 'all'); without site.conf: /DIR or [user@]host")],
    "role": [["--role"], dict(action="append", metavar="ROLE",
             choices=("astakos", "cyclades", "pithos", "ganeti"),
             help="the node's role, without a site.conf (repeats)")],
    "base-url": [["--base-url"], dict(action="append", metavar="COMPONENT=URL",
                 help="a component's base URL (repeats)")],
    "email-value": [["--email-value"], dict(action="append", metavar="KEY=VALUE",
                    help="a value of [email] (repeats)")],
    "db-admin": [["--db-admin"], dict(metavar="URI",
                 help="the database administrator's URI, without a password")],
    "backup-dir": [["--backup-dir"], dict(metavar="DIR", help="where the backups lie")],
    "settings-dir": [["--settings-dir"], dict(metavar="DIR",
                     help="the settings directory (default /etc/synnefo)")],
    "check": [["-n", "--check", "--dry-run"], dict(action="store_true", dest="check",
              help="change nothing; tell whether it would (exit 5)")],
    "undo": [["--undo"], dict(nargs="?", const="", metavar="ID",
             help="put back what this command changed (default: the newest change)")],
}


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """80 columns always; asking the terminal would import much."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=78)


class Parser(argparse.ArgumentParser):
    """argparse with examples before options and no abbreviations."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(add_help=False, **kwargs)


def new_parser(name: str, doc: str, examples: str = "", site: bool = True) -> Parser:
    """The parser of a command; `doc` is its module's docstring ("name - what it does")."""
    what = doc.strip().splitlines()[0].partition(" - ")[2]
    text = what[:1].upper() + what[1:] + "."
    if examples:
        text += "\n\nexamples:\n" + "\n".join(
            "  " + line.strip() for line in examples.strip().splitlines())
    parser = Parser(prog=name, description=text)
    parser.set_defaults(**{key: list(value) if isinstance(value, list) else value
                           for key, value in _DEFAULTS.items()})
    _add_common(parser, site)
    parser.add_argument("--version", action="version",
                        version="%(prog)s (snf-upgrade-tools) " + __version__)
    return parser


def add_subcommands(parser: Parser, required: bool = True) -> Any:
    """The place for subcommands; `args.action` names the one that was typed."""
    return parser.add_subparsers(dest="action", metavar="ACTION", required=required,
                                 parser_class=Parser)


def add_subcommand(subparsers: Any, name: str, help: str, examples: str = "",
                   site: bool = True) -> Parser:
    """A subcommand's parser; the common options work on both sides of its name."""
    text = help[:1].upper() + help[1:] + "."
    if examples:
        text += "\n\nexamples:\n" + "\n".join(
            "  " + line.strip() for line in examples.strip().splitlines())
    parser: Parser = subparsers.add_parser(name, help=help, description=text)
    _add_common(parser, site)
    return parser


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add shared options by name: node role base-url check undo ... (`_OPTIONS`)."""
    for name in names:
        if name == "yes":  # common to all
            continue
        flags, settings = _OPTIONS[name]
        everything: Dict[str, Any] = {"default": argparse.SUPPRESS, **settings}
        parser.add_argument(*flags, **everything)


def _add_common(parser: argparse.ArgumentParser, site: bool) -> None:
    """The options with one meaning everywhere.

    SUPPRESS, or a subparser's default silently wins over what stood before its name.
    """
    group = parser.add_argument_group("common options")

    def add(*flags: str, **settings: Any) -> None:
        settings.setdefault("default", argparse.SUPPRESS)
        group.add_argument(*flags, **settings)
    if site:
        add("-c", "--site", metavar="FILE",
            help="the site.conf (default: $SNF_UPGRADE_SITE or /etc/snf-upgrade/site.conf)")
    add("--json", action="store_true", help="one JSON document on standard output")
    add("-q", "--quiet", action="store_true", help="only errors")
    add("-v", "--verbose", action="count", help="tell of each program that is run on a node")
    add("--color", choices=("auto", "always", "never"), help="colours (default: auto)")
    add("-y", "--yes", action="store_true", help="answer every question with yes")
    add("--status-fd", type=int, metavar="N", help="progress as JSON lines on descriptor N")
    add("-h", "--help", action="help", help="show this help")


def confirm(args: argparse.Namespace, question: str,
            stopped: Callable[[], None] = lambda: None) -> None:
    """Ask on a terminal; Refused (3) when the answer is no or nobody can be asked.

    In a thread `stopped` raises when an answer is not waited for any more.
    """
    if args.yes:
        return
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("%s: nobody can be asked here" % question.rstrip("?"),
                      unchanged="everything", next="the same line with --yes")
    from snftools.output.question import answer
    if answer(question + " [y/N] ", stopped).strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed", unchanged="everything")


class _Terminated(BaseException):
    """SIGTERM: everything that is held is let go of on the way out."""


def run(build_parser: Callable[[], argparse.ArgumentParser], act: Act,
        argv: Optional[Sequence[str]] = None) -> int:
    """Parse, act, print; the exit status of DESIGN's table."""
    _open_standard_streams()
    parser = build_parser()
    name = parser.prog
    signal.signal(signal.SIGTERM, on_sigterm)
    try:
        try:
            args = parser.parse_args(argv)
        except SystemExit as end:
            return _flushed(int(end.code or 0))
        from snftools.output import trace
        trace.enabled = bool(args.verbose)
        return _flushed(_act(name, act, args))
    except KeyboardInterrupt:
        return _interrupted(name, "interrupted", 130)
    except _Terminated:
        return _interrupted(name, "terminated", 143)
    except BrokenPipeError:
        return _closed_output()
    except OSError as error:
        if error.filename is None and error.errno in (5, 9, 28, 32):
            return _closed_output()
        raise


def _act(name: str, act: Act, args: argparse.Namespace) -> int:
    """Run the function and print its report or its error."""
    try:
        try:
            report = act(args)
        finally:
            from snftools.output import statusfd
            statusfd.clear_drawn()
    except Usage as error:
        sys.stderr.write("%s: %s\n" % (name, error))
        return error.code
    except SnfError as error:
        return _print_error(name, error, args)
    except (OSError, UnicodeError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        return _print_error(name, Failed(str(error)), args)
    _print_report(name, report, args)
    return report.exit_code(args.check)


def _print_report(name: str, report: "Report", args: argparse.Namespace) -> None:
    if args.json:
        from snftools.output.json import document
        sys.stdout.write(document(_command(name, args), report) + "\n")
    else:
        from snftools.output.text import report_lines, use_color
        lines = report_lines(report, use_color(args.color, sys.stdout), args.quiet)
        sys.stdout.write("".join(line + "\n" for line in lines))


def _print_error(name: str, error: SnfError, args: argparse.Namespace) -> int:
    if args.json:
        from snftools.output.json import document
        sys.stdout.write(document(_command(name, args), error=error) + "\n")
    else:
        from snftools.output.text import error_lines, use_color
        lines = error_lines(name, error, use_color(args.color, sys.stderr))
        sys.stderr.write("".join(line + "\n" for line in lines))
    return error.code


def _command(name: str, args: argparse.Namespace) -> str:
    """The command's name in JSON, with its subcommand."""
    action = getattr(args, "action", None)
    return "%s %s" % (name, action) if action else name


def on_sigterm(number: int, frame: object) -> NoReturn:
    raise _Terminated()


def _interrupted(name: str, how: str, code: int) -> int:
    try:
        sys.stderr.write("\n%s: %s\n" % (name, how))
    except OSError:
        pass
    return _flushed(code)


def _flushed(code: int) -> int:
    """The code, if what was printed really reached its reader; else 1."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return _closed_output()
    return code


def _closed_output() -> int:
    """Standard output is closed or full: 1 without a traceback, also not at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    return 1


def _open_standard_streams() -> None:
    """Closed standard streams get /dev/null, so that no later file becomes descriptor 0-2.

    Standard output that was closed stays a failure: what is written there reaches nobody.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            # Reading from 1 fails and so does writing to a descriptor opened for reading.
            os.open(os.devnull, os.O_RDONLY if fd != 2 else os.O_WRONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="ascii", errors="backslashreplace", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="ascii", errors="backslashreplace", closefd=False)
