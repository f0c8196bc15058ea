"""`[[consumer]]` in the user's own file."""

from datetime import timedelta
from pathlib import Path

import pytest

from keyward.model.errors import SettingsError
from keyward.settings import load

HEAD = '[[consumer]]\nmatch = "gsm:acme-prod/web-*"\n'


def loaded(folder, text):
    file = folder / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load(file=file, explicit=True, environ={}).settings.consumers


def test_everything_that_can_be_set(tmp_path):
    (one,) = loaded(
        tmp_path,
        f'{HEAD}run = ["~/bin/restart", "web"]\nready = ["kubectl", "get", "deploy/web"]\nrefresh = "5m"\ntimeout = "90s"\n'
        'stdin = "value"\nenv = ["KUBECONFIG"]\n',
    )
    assert one.run == (str(Path.home() / "bin/restart"), "web")
    assert one.ready == ("kubectl", "get", "deploy/web")
    assert (one.refresh, one.timeout) == (timedelta(minutes=5), timedelta(seconds=90))
    assert (one.stdin, one.env) == ("value", ("KUBECONFIG",))


def test_what_is_left_out_is_careful(tmp_path):
    (one,) = loaded(tmp_path, f'{HEAD}run = ["true"]\n')
    assert (one.ready, one.refresh, one.stdin, one.env) == ((), timedelta(0), "none", ())
    assert one.timeout == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "run is missing"),
        ('run = "kubectl rollout restart"\n', "list of texts"),
        ("run = []\n", "a program is needed"),
        ('run = ["./restart"]\n', "working folder"),
        ('run = ["true"]\nstdin = "yes"\n', "none, value"),
        ('run = ["true"]\nenv = ["KEYWARD_KEY"]\n', "KEYWARD_KEY"),
        ('run = ["true"]\nenv = ["A=B"]\n', "A=B"),
        ('run = ["true"]\nshell = true\n', "no setting 'shell'"),
    ],
)
def test_what_cannot_be_used_names_file_and_line(tmp_path, text, said):
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, HEAD + text)
    assert said in str(caught.value)
    assert "keyward.toml:" in str(caught.value)
