"""`keyward`: without arguments the app, before the command line is even imported; else the command line."""

import sys


def main() -> None:
    """Run what the arguments ask for and exit with its status."""
    arguments = sys.argv[1:]
    if all(argument == "--write" for argument in arguments):
        from keyward.tui.start import start  # each face pays only for itself

        raise SystemExit(start(write="--write" in arguments))
    from keyward.cli.main import run

    raise SystemExit(run(arguments))


if __name__ == "__main__":
    main()
