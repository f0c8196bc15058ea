"""A cloud in a process of its own: so many keys over so many projects, each kept in one secret. Prints JSON, serves until stdin ends."""

import argparse
import json
import sys
import tempfile
from datetime import timedelta

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_secret, plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.emulator.server import Emulator
from keyward.emulator.world import World

RESTRICTED = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


def main() -> None:
    """Plant, say where, serve."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("keys", type=int)
    ask.add_argument("projects", type=int)
    ask.add_argument("latency_ms", type=float)
    told = ask.parse_args()
    world = World(seed=11, clock=Clock(), behaviour=quick(latency_ms=told.latency_ms))
    born = world.clock.now() - timedelta(days=200)
    ids = []
    for number in range(told.keys):
        name = f"bench-{number % told.projects:03d}"
        project = world.known(name) or world.new_project(name)
        key = world.state(ApiKeys).plant(
            project, display_name=f"key {number}", create_time=born, restrictions=RESTRICTED
        )
        secret = plant_secret(world.state(Book), Parent(str(project.number)), f"secret-{number}", born)
        plant_version(world.state(Book), secret, key.key_string.encode(), born)
        ids.append(f"google-api-keys:{name}/{key.uid}")
    emulator = Emulator(world, project="bench-000")
    emulator.start()
    try:
        print(json.dumps({"environ": dict(emulator.environment()), "ids": ids}), flush=True)
        sys.stdin.read()
    finally:
        emulator.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="keyward-bench-"):
        main()
