"""`keyward leaks` beside kingfisher and detect-secrets: what each finds of planted keys, how long each takes, and what each says of packages.

    pip install 'keyward[bench]'                     brings the other two and the maker of texts from regular expressions
    python benchmarks/leaks.py                       20 MB, 915 keys of 47 kinds, 100 installed packages
    python benchmarks/leaks.py --tools DIR/bin       where the other programs are, when they are in another environment
    python benchmarks/leaks.py --rules gitleaks.toml another published set of rules than the one that kingfisher ships
    python benchmarks/leaks.py --as-written          keys as the expressions have them, whether they could have been issued or not
    python benchmarks/leaks.py --every-kind          one kind for every visible rule of the set, whether keyward's table has it or not

The keys are made when it runs, from the regular expressions of a published set of rules, by `rstr`; keyward's own table has no part in it.
A kind is what one issuer makes for one product; the 47 are all of the published set that keyward's table names an issuer for and that are
an issuer's. Where real keys carry a checksum or a structure that the expression does not tell, the made ones get it (`ISSUED`): without,
no key of that kind can have been issued. Nothing else is changed, whatever keyward makes of it. Each stands in a line as people write it, under a name that says whose it
is, among words, digests, UUIDs and addresses. A key counts as found when the program tells its file and line.

In installed packages nothing is planted: what is told there is a false alarm, or a key that somebody published.
"""

import argparse
import base64
import importlib.metadata
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from string import printable
from typing import Any

from bars import machine

KINDS: Mapping[str, tuple[str, ...]] = {
    "google-api-key": ("gcp-api-key",),
    "google-auth-key": ("gcp-gemini-api",),
    "aws-access-key-id": ("aws-access-token",),
    "aws-bedrock": ("aws-amazon-bedrock-api-key-long-lived",),
    "openai": ("openai-api-key",),
    "anthropic": ("anthropic-api-key", "anthropic-admin-api-key"),
    "github": ("github-pat", "github-oauth", "github-app-token", "github-refresh-token"),
    "github-fine-grained": ("github-fine-grained-pat",),
    "npm": ("npm-access-token", "npmjsaccesstoken"),
    "gitlab": ("gitlab-pat", "gitlab-deploy-token", "gitlab-runner-authentication-token", "gitlab-ptt", "gitlab-feed-token"),
    "gitlab-routable": ("gitlab-pat-routable", "gitlab-pat-routable-versioned"),
    "pypi": ("pypi-upload-token",),
    "slack": ("slack-bot-token", "slack-user-token", "slack-legacy-bot-token", "slack-legacy-token"),
    "slack-app": ("slack-app-token", "slackappleveltoken"),
    "slack-webhook": ("slack-webhook-url",),
    "stripe": ("stripe-access-token",),
    "huggingface": ("huggingface-access-token",),
    "huggingface-org": ("huggingface-organization-api-token",),
    "groq": ("groq-api-key",),
    "xai": ("xai-api-key", "grokxaiapikey"),
    "perplexity": ("perplexity-api-key",),
    "replicate": ("replicate-api-token",),
    "elevenlabs": ("elevenlabs-api-key",),
    "deepseek": ("deepseek-api-key",),
    "openrouter": ("openrouter-api-key", "openrouter"),
    "mistral": ("mistral-api-key",),
    "cohere": ("cohere-api-token",),
    "nvidia": ("nvidia-api-key",),
    "cerebras": ("cerebras-api-key",),
    "together": ("togetherai-api-key",),
    "langsmith": ("langchain-langsmith-personal-access-token", "langchain-langsmith-service-key"),
    "langfuse": ("langfuse-secret-key.1",),
    "pinecone": ("pinecone-api-key.2",),
    "wandb": ("weights-and-biases-api-key-v1",),
    "entra": ("azure-ad-client-secret",),
    "cloudflare": ("cloudflare-api-key.2",),
    "vercel": (
        "vercel-personal-access-token", "vercel-ai-gateway-key", "vercel-app-access-token", "vercel-app-refresh-token",
        "vercel-integration-token",
    ),
    "supabase": ("supabase-management-token", "supabase-project-api-key"),
    "digitalocean": ("digitalocean-pat", "digitalocean-access-token", "digitalocean-refresh-token", "digitaloceanapikey"),
    "doppler": ("doppler-api-token",),
    "sendgrid": ("sendgrid-api-token", "sendgrid"),
    "postman": ("postman-api-token", "postmanapikey"),
    "vault": ("vault-service-token", "vault-batch-token"),
    "1password": ("1password-service-account-token",),
    "databricks": ("databricks-api-token",),
    "linear": ("linear-api-key",),
    "notion": ("notion-api-token",),
}  # fmt: skip  # one kind a line
"""47 kinds, each with the rules of the published sets that tell it, as kingfisher and gitleaks call them; a set need not have all."""

PLANTED, MEGABYTES, PACKAGES = 915, 20.0, 100
PER_FILE = 7_400
FACTOR = 1.5
"""How much longer than kingfisher it may take."""
LINES: tuple[str, ...] = (
    "{name}={value}", "export {name}={value}", '{name} = "{value}"', "  {lower}: {value}", '  "{lower}": "{value}",',
    "client = Client(api_key='{value}')  # {lower}", "{lower} => '{value}',", "-e {name}={value} \\",
)  # fmt: skip  # as people write them
NAMED = frozenset({"mistral", "cohere"})
"""Kinds that nothing but a name tells: only lines that have it."""
TEXT = (
    "the request was sent to a server which answered with an error and no body so it is tried again later const await async function return "
    "import from export default class self None True config service project value name path DATABASE_HOST=localhost PORT=8080 "
    "user@example.org 2026-11-28T21:00:00Z // # note -- {} [] () => token_count api_version secret_name key_size password_field"
)
WORDS = TEXT.split()
OPEN, LONGEST = 24, 4_096
"""Characters more than it must have that a part gets whose length the expression leaves open, and what counts as open."""
CRC = re.compile(rb"(?:gh[pousr]|npm)_([A-Za-z0-9]{30})([A-Za-z0-9]{6})")
Places = Iterator[tuple[str, int, str]]
DIGITS, CAPITALS = "0123456789", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Plant:
    """One planted key: its kind, and the file and line where it stands."""

    kind: str
    file: str
    line: int


@dataclass
class Told:
    """What one program told: seconds of each run by the clock and of the processors, and (file, line) -> how sure it was."""

    program: str
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    skipped: str = ""


# Making keys


def rules_of(file: Path | None, kingfisher: str | None) -> dict[str, str]:
    """Regular expressions of a published set by name: of a gitleaks file or the list of kingfisher's, else what kingfisher ships."""
    if file is not None and file.suffix == ".toml":
        found = tomllib.loads(file.read_text("utf-8"))["rules"]
        return {one["id"]: one["regex"] for one in found if "regex" in one}
    if file is not None:
        listed = json.loads(file.read_text("utf-8"))
    elif kingfisher is not None:
        command = [kingfisher, "--no-update-check", "-q", "rules", "list", "-f", "json"]
        listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    else:
        raise SystemExit("no published rules: name a file with --rules, or install kingfisher-bin")
    shown = (one for one in listed if one.get("visible", True))
    return {one["id"].partition(".")[2].removeprefix("secrets/"): one["pattern"] for one in shown}


def _texts(rng: random.Random) -> Any:
    """A maker of random texts that an expression takes."""
    import rstr  # only who measures needs it

    class Texts(rstr.Rstr):  # type: ignore[misc]  # it has no types
        """Keeps to the lengths that are written; one that is left open is at most so much longer than it has to be. The same every time."""

        def __init__(self) -> None:
            super().__init__(rng)
            self._cases = {**self._cases, "any": lambda _: "."}  # what authors of rules mean by a dot in an address

        def _handle_in(self, value: Any) -> Any:
            found = list(chain(*(self._handle_state(one) for one in value)))
            return rng.choice([one for one in printable if one not in found[1:]] if found[0] is False else found)

        def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
            most = min(end_range, start_range + OPEN) if end_range > LONGEST else end_range
            times = rng.randint(start_range, most)
            return "".join("".join(self._handle_state(one) for one in value) for _ in range(times))

    return Texts()


def maker(pattern: str, rng: random.Random) -> Callable[[], str]:
    """What makes keys that the expression takes: the part that it captures, or all of it."""
    # Flags in the middle, and \z, are of other dialects; what a rule takes in any case is made as it is written.
    plain = re.sub(r"\(\?[ims]+\)", "", pattern).replace("\\z", "\\Z")
    plain = re.sub(r"\(\?[ims]+:", "(?:", plain)
    compiled, random_text = re.compile(plain), _texts(rng)

    def make() -> str:
        for _ in range(1_000):
            text = random_text.xeger(plain)
            match = compiled.search(text)
            if match is None:
                continue
            key = next((group for group in match.groups() if group), match[0])
            if key.isprintable() and len(key) >= 16 and not any(blank in key for blank in " '\"`"):
                return key
        raise ValueError("nothing that could stand in a line")

    return make


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0")


def _crc(key: str, _: random.Random) -> str:
    prefix, _, body = key.partition("_")
    return f"{prefix}_{body[:30]}{_base62(zlib.crc32(body[:30].encode()))}"


def _fine_grained(key: str, _: random.Random) -> str:
    body = key.removeprefix("github_pat_").replace("_", "x")
    return f"github_pat_{body[:22]}_{body[23:]}"


def _sendgrid(key: str, _: random.Random) -> str:
    body = re.sub("[.=]", "x", key.removeprefix("SG."))
    return f"SG.{body[:22]}.{body[23:66]}"


def _fields(rng: random.Random, *fields: tuple[str, int]) -> list[str]:
    return ["".join(rng.choices(letters, k=count)) for letters, count in fields]


def _slack_app(_: str, rng: random.Random) -> str:
    return f"xapp-1-A{'-'.join(_fields(rng, (CAPITALS, 10), (DIGITS, 13), (DIGITS + 'abcdef', 64)))}"


def _slack_webhook(_: str, rng: random.Random) -> str:
    team, hook, tail = _fields(rng, (CAPITALS, 10), (CAPITALS, 10), (_BASE62, 24))
    return f"https://hooks.slack.com/services/T{team}/B{hook}/{tail}"


def _pypi(_: str, rng: random.Random) -> str:
    identifier = rng.randbytes(36)
    macaroon = b"\x02\x01\x08pypi.org\x02" + bytes([len(identifier)]) + identifier + b"\0\0\x06\x20" + rng.randbytes(32)
    return f"pypi-{base64.urlsafe_b64encode(macaroon).rstrip(b'=').decode()}"


def _one_password(_: str, rng: random.Random) -> str:
    content = {"email": "a@example.org", "muk": rng.randbytes(32).hex(), "secretKey": rng.randbytes(60).hex()}
    return f"ops_{base64.b64encode(json.dumps(content, separators=(',', ':')).encode()).rstrip(b'=').decode()}"


ISSUED: Mapping[str, Callable[[str, random.Random], str]] = {
    "github": _crc, "npm": _crc, "github-fine-grained": _fine_grained, "sendgrid": _sendgrid, "slack-app": _slack_app,
    "slack-webhook": _slack_webhook, "pypi": _pypi, "1password": _one_password,
}  # fmt: skip  # a table
"""What the issuer's keys have and the expressions do not tell: checksums (GitHub, npm), the places of their separators (GitHub's
fine-grained tokens, SendGrid), the lengths of their fields (Slack), and what they are inside (PyPI's macaroons, 1Password's JSON)."""


def keys(
    rules: Mapping[str, str], kinds: Mapping[str, Sequence[str]], rng: random.Random, *, as_written: bool = False
) -> Iterator[tuple[str, str]]:
    """(kind, key) without end, every kind in turn; kinds that the set has no usable rule for are left out, and named on stderr."""
    makers: dict[str, list[Callable[[], str]]] = {}
    left: list[str] = []
    for kind, names in kinds.items():
        for name in names:
            try:
                make = maker(rules[name], rng)
                make()
            except (KeyError, re.error, ValueError, OverflowError, NotImplementedError) as error:
                left.append(f"{name} ({type(error).__name__})")
            else:
                makers.setdefault(kind, []).append(make)
    if left:
        print(f"rules left out: {', '.join(left)}", file=sys.stderr)
    turn = 0
    while makers:
        for kind, several in makers.items():
            key = several[turn % len(several)]()
            yield kind, key if as_written or kind not in ISSUED else ISSUED[kind](key, rng)
        turn += 1


# The tree


def noise(rng: random.Random) -> str:
    """A line with nothing in it, as files have them: words, digests, UUIDs, integrity values, addresses."""
    kind = rng.random()
    if kind < 0.8:
        return " ".join(rng.choices(WORDS, k=12))
    if kind < 0.85:
        return f"commit {rng.randbytes(20).hex()}"
    if kind < 0.9:
        return f'  "integrity": "sha512-{base64.b64encode(rng.randbytes(64)).decode()}",'
    if kind < 0.95:
        text = rng.randbytes(16).hex()
        return f"id: {text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return f"https://cdn.example.org/a/{rng.randbytes(8).hex()}/main.js?v={rng.randrange(10**9)}"


def plant(folder: Path, megabytes: float, made: Sequence[tuple[str, str]], seed: int) -> list[Plant]:
    """Write a tree of so many megabytes with these keys in it, in files of ten a folder."""
    rng = random.Random(seed)
    files = max(1, round(megabytes * 1_000_000 / PER_FILE))
    texts: list[list[str]] = []
    for _ in range(files):
        lines: list[str] = []
        size = 0
        while size < PER_FILE:
            lines.append(noise(rng))
            size += len(lines[-1]) + 1
        texts.append(lines)
    placed: dict[int, list[tuple[str, str]]] = {}
    for number, (kind, key) in enumerate(made):
        name = f"{kind.upper().replace('-', '_').replace('1PASSWORD', 'ONEPASSWORD')}_API_KEY"
        forms = (
            [form for form in LINES if "name" in form or ("lower" in form and "Client" not in form)]
            if kind in NAMED
            else LINES
        )
        line = rng.choice(forms).format(name=name, lower=name.lower(), value=key)
        placed.setdefault(number % files if files > len(made) else rng.randrange(files), []).append((kind, line))
    plants = []
    for number, lines in enumerate(texts):
        path = folder / f"service{number // 10:03d}" / f"file{number}.{rng.choice(['py', 'js', 'env', 'yaml', 'txt'])}"
        path.parent.mkdir(parents=True, exist_ok=True)
        for kind, line in placed.get(number, ()):
            lines.insert(rng.randrange(len(lines)), f"\0{kind}\0{line}")
        for at, line in enumerate(lines, 1):
            if line.startswith("\0"):
                kind, lines[at - 1] = line[1:].split("\0")
                plants.append(Plant(kind, str(path), at))
        path.write_text("\n".join(lines) + "\n", "utf-8")
    return plants


# The programs


def keyward_command(paths: Sequence[str]) -> list[str]:
    """As a user runs it who has no inventory."""
    return [sys.executable, "-m", "keyward", "leaks", *paths, "-o", "json"]


def of_keyward(out: bytes) -> Places:
    """(file, line, how sure) of what it printed."""
    for leak in json.loads(out)["leaks"]:
        for place in leak["places"]:
            yield place["path"], place["line"] or 0, leak["confidence"]


def of_kingfisher(out: bytes) -> Places:
    """(file, line, rule)."""
    for one in json.loads(out).get("findings", ()):
        finding = one.get("finding", one)
        yield finding["path"], int(finding["line"]), one.get("rule", {}).get("id", "")


def of_detect_secrets(out: bytes) -> Places:
    """(file below the folder that it ran in, line, kind)."""
    for file, found in json.loads(out)["results"].items():
        for one in found:
            yield file, one["line_number"], one["type"]


def tool(name: str, folder: Path | None) -> str | None:
    """The program of that name: in that folder, beside this Python, or on the PATH."""
    for place in (folder, Path(sys.executable).parent):
        if place is not None and (place / name).exists():
            return str(place / name)
    return shutil.which(name)


def run(command: Sequence[str], environ: Mapping[str, str], folder: str) -> tuple[float, float, bytes]:
    """Seconds from start to end, those of all processors, and what was printed."""
    before = _processor()
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=dict(environ), cwd=folder, check=False)
        taken = time.perf_counter() - begun
        out.seek(0)
        printed = out.read()
    if not printed:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
    return taken, _processor() - before, printed


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def kingfisher_command(program: str, paths: Sequence[str]) -> list[str]:
    """As it ships, without network: its rules, its filters, no validation."""
    return [program, "scan", "--no-validate", "--no-update-check", "-q", "-f", "json", *paths]


def measure(tree: str, options: argparse.Namespace, environ: Mapping[str, str]) -> list[Told]:
    """Each program over the tree, in turns, so that all meet the same machine."""
    kingfisher, detect = tool("kingfisher", options.tools), tool("detect-secrets", options.tools)
    binary = kingfisher and _binary(kingfisher)
    jobs: list[tuple[Told, list[str], Callable[[bytes], Places], int]] = [
        (Told("keyward"), keyward_command([tree]), of_keyward, options.repeat)
    ]
    if binary:
        jobs.append((Told("kingfisher"), kingfisher_command(binary, [tree]), of_kingfisher, options.repeat))
    if detect and not options.quick:
        jobs.append((Told("detect-secrets"), [detect, "scan", "--all-files", "."], of_detect_secrets, 1))
    for told, command, *_ in jobs:  # caches of rules, pages and compiled files are warm for all
        if told.program != "detect-secrets" and options.repeat > 1:
            run(command, environ, tree)
    for turn in range(options.repeat):
        for told, command, read, times in jobs:
            if turn < times:
                seconds, processor, printed = run(command, environ, tree)
                told.seconds.append(seconds)
                told.processor.append(processor)
                told.places = {(os.path.realpath(Path(tree) / file), line): sure for file, line, sure in read(printed)}
    missing = {"kingfisher": binary, "detect-secrets": detect and not options.quick}
    absent = [
        Told(name, skipped="not installed, or left out by --quick") for name, there in missing.items() if not there
    ]
    return [told for told, *_ in jobs] + absent


def _binary(program: str) -> str:
    """The program itself behind the wheel's Python wrapper, whose start is not its own."""
    inside = next(Path(program).resolve().parents[1].glob("lib/python*/site-packages/kingfisher/bin/kingfisher"), None)
    return str(inside) if inside is not None else program


def recall(told: Told, plants: Sequence[Plant]) -> dict[str, object]:
    """How many of the plants it told, by kind, and lines that it told beside them."""
    at = {(os.path.realpath(one.file), one.line): one.kind for one in plants}
    every = Counter(at.values())
    found = Counter(kind for place, kind in at.items() if place in told.places)
    doubtful = sum(sure == "doubtful" for place, sure in told.places.items() if place in at)
    beside = [place for place, sure in told.places.items() if place not in at and sure != "doubtful"]
    return {
        "found": found.total(), "of": len(at), "doubtful_of_these": doubtful, "beside": len(beside),
        "missed": {kind: f"{count - found[kind]} of {count}" for kind, count in sorted(every.items()) if found[kind] < count},
        "median_seconds": round(statistics.median(told.seconds), 3), "seconds": [round(one, 3) for one in told.seconds],
        "median_processor_seconds": round(statistics.median(told.processor), 3),
    }  # fmt: skip  # a table


# Installed packages


def packages(count: int) -> list[str]:
    """The folders and modules of so many installed packages, by name; keyward's own is none."""
    found: dict[str, list[str]] = {}
    for one in sorted(importlib.metadata.distributions(), key=lambda one: (one.metadata["Name"] or "").lower()):
        name = (one.metadata["Name"] or "").lower()
        tops = {file.parts[0] for file in one.files or () if file.parts and file.parts[0] not in {"..", "__pycache__"}}
        places = [str(one.locate_file(top)) for top in sorted(tops) if not top.endswith((".dist-info", ".pth"))]
        if name != "keyward" and places:
            found[name] = [place for place in places if Path(place).exists()]
    chosen = list(found)[:count]
    print(f"{len(chosen)} installed packages", file=sys.stderr)
    return sorted({place for name in chosen for place in found[name]})


def copied(places: Sequence[str], folder: Path) -> str:
    """These packages in a folder of no name that anybody leaves out."""
    for number, place in enumerate(places):
        to = folder / f"package{number}" / Path(place).name
        to.parent.mkdir(parents=True)
        if Path(place).is_dir():
            shutil.copytree(place, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, to)
    return os.path.realpath(folder)


def precision(folder: str, options: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
    """What is told of packages in which nobody planted anything, and what of it a checksum rules out."""
    seconds, processor, out = run(keyward_command([folder]), environ, folder)
    document = json.loads(out)
    alarms = [leak for leak in document["leaks"] if leak["counts"]]
    told: dict[str, Any] = {
        "files": document["searched"]["texts"], "megabytes": round(document["searched"]["bytes"] / 1e6, 1),
        "keyward": {
            "values": len(alarms), "seconds": round(seconds, 2), "processor_seconds": round(processor, 2), "by_kind": Counter(leak["kind"] for leak in alarms),
            "ruled_out_by_a_checksum": _ruled_out(alarms), "where": sorted({_where(leak["places"][0], folder) for leak in alarms}),
            "shown_as_fabricated": sum(leak["confidence"] == "doubtful" for leak in document["leaks"]),
        },
    }  # fmt: skip  # a table
    kingfisher = tool("kingfisher", options.tools)
    if kingfisher:
        seconds, processor, out = run(kingfisher_command(_binary(kingfisher), [folder]), environ, folder)
        found = list(of_kingfisher(out))
        by_rule = Counter(rule for _, _, rule in found)
        told["kingfisher"] = {
            "values": len(found),
            "seconds": round(seconds, 2),
            "processor_seconds": round(processor, 2),
            "by_rule": by_rule,
        }
    return told


def _where(place: Mapping[str, Any], folder: str) -> str:
    return f"{os.path.relpath(place['path'], folder)}:{place['line']}"


def _ruled_out(alarms: Sequence[Mapping[str, Any]]) -> int:
    """How many alarms have a CRC-32 that does not fit, by a check of this file's own."""
    wrong = 0
    for leak in alarms:
        if leak["kind"] in {"github", "npm"}:
            for place in leak["places"]:
                line = Path(place["path"]).read_bytes().split(b"\n")[(place["line"] or 1) - 1]
                tails = [(body, tail) for body, tail in CRC.findall(line)]
                wrong += bool(tails) and all(_base62(zlib.crc32(body)).encode() != tail for body, tail in tails)
    return wrong


def main(arguments: list[str]) -> int:
    """Measure, print one JSON object; 1 when a bar was not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rules", type=Path, help="a gitleaks TOML file, or the JSON that `kingfisher rules list -f json` prints"
    )
    parser.add_argument("--tools", type=Path, help="the folder of kingfisher and detect-secrets")
    parser.add_argument("--megabytes", type=float, default=MEGABYTES)
    parser.add_argument("--planted", type=int, default=PLANTED)
    parser.add_argument("--packages", type=int, default=PACKAGES, help="0: none")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-kind", action="store_true", help="one kind for every visible rule")
    parser.add_argument("--as-written", action="store_true", help="also keys that nobody can have issued")
    parser.add_argument("--quick", action="store_true", help="without detect-secrets, which takes minutes")
    options = parser.parse_args(arguments)
    program = tool("kingfisher", options.tools)
    rules = rules_of(options.rules, program and _binary(program))
    kinds = {name: (name,) for name in rules} if options.every_kind else KINDS
    rng = random.Random(options.seed)
    source = keys(rules, kinds, rng, as_written=options.as_written)
    made = [key for _, key in zip(range(options.planted), source, strict=False)]
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as name:
        tree, home = Path(name) / "tree", Path(name) / "home"
        plants = plant(tree, options.megabytes, made, options.seed)
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "KEYWARD_HOME": str(home / "state"),
            "KF_RULE_CACHE_DIR": str(home / "rules"),
        }  # fmt: skip  # one variable a line
        told = measure(os.path.realpath(tree), options, environ)
        results = {one.program: recall(one, plants) if not one.skipped else {"skipped": one.skipped} for one in told}
        told_packages = None
        if options.packages:
            told_packages = precision(copied(packages(options.packages), Path(name) / "packages"), options, environ)
    document = {
        "machine": machine(), "megabytes": options.megabytes, "kinds": len({one.kind for one in plants}), "planted": len(plants),
        "programs": results, "packages": told_packages,
    }  # fmt: skip  # a table
    print(json.dumps(document, indent=1))
    return int(not _kept(results, told_packages))


def _kept(results: Mapping[str, Mapping[str, object]], told_packages: Mapping[str, Any] | None) -> bool:
    """Whether recall is at least the best of the others, the time at most 1.5 x kingfisher's, and no alarm ruled out by a checksum."""
    ours = results["keyward"]
    others = [one for name, one in results.items() if name != "keyward" and "found" in one]
    kingfisher = results.get("kingfisher", {})
    found = all(int(str(ours["found"])) >= int(str(one["found"])) for one in others)
    quick = "found" not in kingfisher or float(str(ours["median_seconds"])) <= FACTOR * float(
        str(kingfisher["median_seconds"])
    )
    ruled_out = told_packages["keyward"]["ruled_out_by_a_checksum"] if told_packages is not None else 0
    return found and quick and not ruled_out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
