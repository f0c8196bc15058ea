"""`keyward demo`: the app on the built-in Google Cloud, or with `--serve` only that, in the foreground."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.model.errors import NotConfigured, UsageError

_SETTINGS = """\
# Settings of the demo only; your own keyward.toml is not touched by it.
[scan]
read_values = ["all"]  # the values of the sample organisation

[fingerprint]
key_file = {}  # nothing of the demo goes into your keyring
"""


def demo(
    context: typer.Context,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Only the emulator, in the foreground; prints `export NAME=value` lines once ready."
        ),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Open the app in write mode; else it is read-only until W.")
    ] = False,
    org: Annotated[str, typer.Option(help="Sample organisation: demo, empty, or PROJECTSxKEYSxSECRETS.")] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed makes the same organisation.")] = 1,
    truth: Annotated[
        Path | None, typer.Option(help="Write what the organisation really holds to this file, before serving.")
    ] = None,
    clock_rate: Annotated[
        float, typer.Option(min=0.001, max=1_000_000, help="Let the emulator's time run this many times faster.")
    ] = 1.0,
    now: Annotated[str, typer.Option(help="Start the emulator's clock at this RFC 3339 time.")] = "",
    latency: Annotated[float, typer.Option(min=0, help="Delay every answer by so many milliseconds.")] = 0.0,
    strict_projects: Annotated[
        bool,
        typer.Option(
            "--strict-projects", help="Refuse unknown projects, as Google does, instead of creating them empty."
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="HTTP port; 0 picks a free one.")] = 0,
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port; 0 picks a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Keep the emulator's state in this file across restarts.")] = None,
) -> int:
    """Open the app on a sample organisation: no account, nothing leaves this machine."""
    invocation: Invocation = context.obj
    _check(org, now)
    arguments = [
        f"--org={org}",
        f"--seed={seed}",
        f"--clock-rate={clock_rate}",
        f"--latency={latency}",
        f"--port={port}",
        f"--grpc-port={grpc_port}",
    ]
    arguments += (
        ([f"--truth={truth}"] if truth else [])
        + ([f"--now={now}"] if now else [])
        + (["--strict-projects"] if strict_projects else [])
    )
    if serve:
        if write or invocation.write:
            raise UsageError("--serve opens no app, so --write says nothing.", hint="Leave one of them out.")
        from keyward.emulator.__main__ import main as serve_main  # loads the emulator

        return serve_main([*arguments, *([f"--state={state}"] if state else [])])
    home = invocation.parts.paths.state / "demo"
    from keyward.files import private_folder, replace  # `--serve` writes no file

    settings = private_folder(home) / "keyward.toml"
    if not settings.exists() or not settings.stat().st_size:
        key_file = json.dumps(str(home / "fingerprint.key"))  # a text of JSON is one of TOML
        replace(settings, _SETTINGS.format(key_file).encode(), mark="demo")
    kept = [f"--state={state or home / f'emulator-{org}-{seed}.json'}", "--until-stdin-closes"]
    return _app_on(
        subprocess.Popen(
            # -P: nothing is loaded from the working folder, which may be anybody's.
            [sys.executable, "-P", "-m", "keyward.emulator", *arguments, *kept],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ),
        home,
        write=write or invocation.write,
    )


def _check(org: str, now: str) -> None:
    size = org.split("x")
    if org not in ("demo", "empty") and not (len(size) in (3, 4) and all(part.isdecimal() for part in size)):
        raise UsageError(
            f"--org {org!r} is not demo, empty or PROJECTSxKEYSxSECRETS.", hint="For example: --org 1000x10000x5000"
        )
    try:
        started = datetime.fromisoformat(now) if now else None
    except ValueError:
        started = None
    if now and (started is None or started.tzinfo is None):
        raise UsageError(f"--now {now!r} is not an RFC 3339 time.", hint="For example: --now 2026-11-20T09:00:00Z")


def _app_on(emulator: "subprocess.Popen[str]", home: Path, *, write: bool) -> int:
    """Run the app against the emulator just started, and end both together."""
    if emulator.stdin is None or emulator.stdout is None:
        raise NotConfigured("The emulator has no pipes.")
    exports: dict[str, str] = {}
    while line := emulator.stdout.readline():
        name, _, value = line.removeprefix("export ").strip().partition("=")
        exports[name] = value
        if name == "SECRET_MANAGER_EMULATOR_HOST":  # the last one that it prints
            break
    if "KEYWARD_EMULATOR" not in exports:
        raise NotConfigured("The emulator did not start.", hint="`keyward demo --serve` shows why.")
    from keyward.tui.start import start  # textual only now

    try:
        # Its own settings, ledger and cache, so that a real one never meets the demo's world.
        return start(
            environ={
                **{name: value for name, value in os.environ.items() if not name.startswith("KEYWARD_")},
                **exports,
                "KEYWARD_HOME": str(home),
                "KEYWARD_CONFIG": str(home / "keyward.toml"),
            },
            write=write,
        )
    finally:
        emulator.stdin.close()
        try:
            emulator.wait(10)
        except subprocess.TimeoutExpired:
            emulator.kill()
