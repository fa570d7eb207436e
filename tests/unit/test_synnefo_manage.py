"""snf-manage: options that keep it from asking, cleaned output, failures that are no answers."""

import pytest

from snftools.errors import Failed
from snftools.node.base import Result
from snftools.output import mask
from snftools.synnefo import manage, programs


class FakeNode:
    """Answers every program with the same result and remembers what was run."""

    name = "node1"

    def __init__(self, exit=0, out=b"", err=b""):
        self.answer = (exit, out, err)
        self.ran = []

    def run(self, argv, *, stdin=b"", stdout=None, env=None, cwd=None, timeout=None, keep=""):
        self.ran.append((tuple(argv), stdin))
        return Result(tuple(argv), *self.answer)


@pytest.fixture(autouse=True)
def no_secrets():
    mask.forget_all()
    yield
    mask.forget_all()


@pytest.mark.parametrize("args, ran", [
    (["syncdb"], ["snf-manage", "syncdb", "--noinput"]),
    (["migrate", "im"], ["snf-manage", "migrate", "im", "--noinput"]),
    (["migrate", "--noinput"], ["snf-manage", "migrate", "--noinput"]),
    (["component-list"], ["snf-manage", "component-list"])])
def test_noinput_where_it_exists(args, ran):
    node = FakeNode()
    manage.snf_manage(node, args)
    assert node.ran == [(tuple(ran), b"")]


def test_output_is_cleaned_and_raw_is_not_shown():
    mask.learn("k9hc4glG1gZCDsjcqCujBg==")
    node = FakeNode(out=b"Token: abcdefgh\nk9hc4glG1gZCDsjcqCujBg==\n > im:0025_x\n",
                    err=b"2026-11-22 10:59:06,630 [9215] south generic [DEBUG] south execute "
                        b"\"ALTER TABLE\" with params \"[]\"\nDatabaseError: no\n")
    answer = manage.snf_manage(node, ["migrate"])
    assert answer.out == ("Token: ********", "********", " > im:0025_x")
    assert answer.err == ("DatabaseError: no",)
    assert answer.complaint() == "DatabaseError: no"
    assert "abcdefgh" in answer.raw and "abcdefgh" not in repr(answer)


def test_missing_program():
    with pytest.raises(Failed) as caught:
        manage.snf_manage(FakeNode(127), ["syncdb"])
    assert caught.value.node == "node1" and "install" in caught.value.next


def test_broken_settings_are_named_whatever_the_exit():
    err = b"Failed to read settings file: /etc/synnefo/20.conf [NameError('X',)]\n"
    with pytest.raises(Failed) as caught:
        manage.snf_manage(FakeNode(0, err=err), ["syncdb"])
    assert "/etc/synnefo/20.conf" in caught.value.what


def test_service_export_failure_and_nonsense():
    with pytest.raises(Failed) as caught:
        programs.service_export(FakeNode(1, err=b"Unknown command: 'x'\nType 'snf-manage help' "
                                                b"for usage.\n"), "service-export-x")
    assert "Unknown command" in caught.value.what
    with pytest.raises(Failed):
        programs.service_export(FakeNode(0, out=b""), "service-export-x")
