"""What the interpreter and the libraries print by themselves: no values, no escape sequences, no chatter."""

import random
import subprocess
import sys

import pytest

from keyward.model.detectors import DETECTORS
from keyward.model.redact import label
from tests.parts.scene import Scene, encoded

GOOGLE = next(one for one in DETECTORS if b"AIza" in one.shown)


def _value():
    return GOOGLE.sample(random.SystemRandom()).decode()


def _run(code, value, **more):
    """Run the code in a fresh interpreter; the value comes on stdin."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, threading\nfrom keyward import edge\nedge.harden()\nvalue = sys.stdin.read()\n{code}",
        ],
        input=value,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('odd ' + value)",
        "t = threading.Thread(target=lambda: int('odd ' + value)); t.start(); t.join()",
        "class Odd:\n    def __del__(self): raise ValueError('odd ' + value)\nOdd()",
        "try:\n    int('odd ' + value)\nexcept ValueError as error:\n    raise RuntimeError('then ' + value) from error",
    ],
    ids=["main", "thread", "finaliser", "cause"],
)
def test_no_trace_shows_a_value(code):
    value = _value()
    done = _run(code, value)
    assert "please report it" in done.stderr
    assert "odd" in done.stderr
    assert not any(form in done.stderr + done.stdout for form in encoded(value))


def test_core_dumps_are_off():
    done = _run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0])", "")
    assert done.stdout.strip() == "0"


def test_a_terminal_of_few_characters_ends_no_output():
    done = _run("print('caf\\u00e9 \\u65e5 \\udcff')", "", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout == "caf\\xe9 \\u65e5 \\udcff\n"


def test_libraries_stay_silent_whatever_the_environment_says(tmp_path):
    with Scene(tmp_path / "home") as scene:
        key = scene.key("app")
        scene.secret("app", key.key_string)
        closed = scene.world.new_project(
            "acme-closed", denied={"apikeys.keys.list", "secretmanager.secrets.list"}
        )  # a refusal makes Google's client warn
        scene.key("hidden", project=closed.id)
        scene.settings()
        loud = {
            "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": "google",
            "GRPC_TRACE": "http,http2_stream_state",
            "GRPC_VERBOSITY": "DEBUG",
        }
        for more in (loud, {**loud, "SECRET_MANAGER_EMULATOR_HOST": ""}):
            done = scene.keyward("scan", "--values", "all", **more)
            assert done.status == 3, done.err
            said = done.out + done.err
            assert not any(form in said for form in encoded(key.key_string))
            assert "Encountered" not in said
            assert "AccessSecretVersion" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["rotate", "--{}"],
        ["{}"],
        ["list", "bad:{}"],
        ["show", "{}"],
        ["history", "a", "{}"],
        ["config", "show", "-o", "{}"],
    ],
)
def test_what_was_typed_comes_back_harmless(tmp_path, arguments):
    value = _value()
    scene = Scene(tmp_path / "home")
    scene.settings()
    with scene:
        done = scene.keyward(*[argument.format(f"\x1b[31m\u202e{value}") for argument in arguments])
    assert done.status in {2, 4}, done.err
    assert "Traceback" not in done.err
    assert not any(form in done.out + done.err for form in encoded(value))
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err


def test_a_label_carries_no_value():
    value = _value()
    assert label("prod key") == "prod key"
    assert label("a\x1b[31mb\n") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"
    for text in (value, f"was {value}, then", f"key={value}", f"k{value}"):
        assert not any(form in label(text) for form in encoded(value))
