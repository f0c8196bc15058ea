"""The emulator in the foreground: prints what to export, serves until it is told to end."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from keyward.emulator.behaviour import Behaviour
from keyward.emulator.clock import Clock, parse
from keyward.emulator.server import Emulator
from keyward.emulator.world import World

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `serve` is asked for; the fields are the options of the command line."""

    port: int = 0
    grpc_port: int = 0
    org: str = ""
    """Size of the sample organisation; empty begins with an empty world."""
    seed: str = ""
    truth: Path | None = None
    """Where to write what the sample organisation holds, before anything is served."""
    clock_rate: float = 1.0
    now: str = ""
    """RFC 3339 time to start at."""
    latency_ms: float = 0.0
    strict_projects: bool = False
    state: Path | None = None
    validate: bool = False
    ready_fd: int | None = None
    """File descriptor that gets one line when the ports are open."""
    until_stdin_closes: bool = False


def serve(options: ServeOptions, out: TextIO | None = None) -> int:
    """Serve until SIGTERM, SIGINT or (if asked) the end of standard input; give the exit code.

    Prints one `export NAME=value` line a variable, unquoted and flushed, once the ports are open.
    Call it from the main thread.
    """
    out = out or sys.stdout
    stop = threading.Event()
    wake_read, wake_write = os.pipe()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        os.write(wake_write, b".")

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        emulator = build(options)
        with emulator:
            for name, value in emulator.environment().items():
                print(f"export {name}={value}", file=out)  # data on standard output
            out.flush()
            if options.ready_fd is not None:
                os.write(options.ready_fd, b"ready\n")
                os.close(options.ready_fd)
            _wait(wake_read, stop, stdin=options.until_stdin_closes)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake_read)
        os.close(wake_write)
    return 0


def build(options: ServeOptions) -> Emulator:
    """Give the emulator that the options describe, not started; writes the truth file."""
    behaviour = Behaviour(strict_projects=options.strict_projects, latency_ms=options.latency_ms)
    clock = Clock(parse(options.now), options.clock_rate) if options.now else None
    world = World(seed=options.seed or None, clock=clock, behaviour=behaviour, file=options.state)
    if clock is None:
        world.clock.set_rate(options.clock_rate)
    if options.org and next(world.projects(), None) is None:
        from keyward.emulator.organisation import build as build_organisation  # only when asked for

        truth = build_organisation(world, options.org, options.seed)
        if options.truth:
            truth.write(options.truth)
        world.save()
    first = next(world.projects(), None)
    project = first.id if first else "demo-project"
    validate = True if options.validate else None
    return Emulator(world, port=options.port, grpc_port=options.grpc_port, validate=validate, project=project)


def _wait(wake: int, stop: threading.Event, *, stdin: bool) -> None:
    watched = [wake, 0] if stdin else [wake]
    while not stop.is_set():
        ready, _, _ = select.select(watched, [], [])
        if 0 in ready and not os.read(0, 4096):
            return
