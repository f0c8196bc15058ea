"""`python -m keyward.emulator`: the emulator in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keyward.emulator.serve import ServeOptions, serve


def main(arguments: list[str] | None = None) -> int:
    """Read the options, serve, give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m keyward.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 picks a free one")
    parser.add_argument("--grpc-port", type=int, default=0, help="gRPC port; 0 picks a free one")
    parser.add_argument("--org", default="", metavar="SIZE", help="begin with the sample organisation")
    parser.add_argument("--seed", default="", help="the same seed gives the same identifiers")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="write what the sample organisation holds")
    parser.add_argument("--clock-rate", type=float, default=1.0, metavar="N", help="run time N times faster")
    parser.add_argument("--now", default="", metavar="RFC3339", help="the time to start at")
    parser.add_argument(
        "--latency", type=float, default=0.0, dest="latency_ms", metavar="MS", help="delay every answer"
    )
    parser.add_argument("--strict-projects", action="store_true", help="refuse unknown projects, as Google does")
    parser.add_argument("--state", type=Path, metavar="FILE", help="continue from this snapshot and keep it")
    parser.add_argument("--validate", action="store_true", help="check every answer against Google's documents")
    parser.add_argument("--ready-fd", type=int, metavar="N", help="write a line there when ready")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")
    options = ServeOptions(**vars(parser.parse_args(arguments)))
    try:
        return serve(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
