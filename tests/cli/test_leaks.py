"""`keyward leaks` as a user meets it: findings and exit status, whose each key is, baselines, the hook, and never a value in any output."""

import csv
import io
import json
import os
import secrets
import stat

import jsonschema
import pytest

from tests.cli.conftest import files_of
from tests.cli.test_documents import check, published
from tests.model.shapes import sample
from tests.parts import command
from tests.parts.repo import Repo
from tests.parts.scene import Result, Scene, encoded
from tests.parts.terminal import environment

STRIPE, GROQ, OPENAI = (sample(kind, 5).decode() for kind in ("stripe", "groq", "openai"))
FORMS = ("table", "json", "csv", "ids")


class Laptop:
    """A machine without a cloud and without a keyring."""

    def __init__(self, home):
        self.home, self.work = home, home / "work"
        self.work.mkdir(parents=True)
        (home / "keyward.toml").touch(0o600)

    def env(self, name, text):
        """Write a file; gives its path."""
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def keyward(self, *arguments, stdin=""):
        """Run the command line without a terminal."""
        environ = environment(self.home, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
        done = command.run(arguments, environ, self.home, stdin=stdin)
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def laptop(tmp_path):
    """A machine on which nothing was ever scanned."""
    return Laptop(tmp_path / "home")


@pytest.fixture
def repo(laptop):
    return Repo(laptop.work / "repo")


def nothing_of(value, done):
    """Whether a value is in no form in what a command said, but for what its issuer publishes."""
    return not any(form in done.out + done.err for form in encoded(value[8:]))


def made(laptop):
    """What keyward left on that machine."""
    return sorted(str(file) for file in (laptop.home / "keyward").rglob("*") if file.is_file())


@pytest.mark.parametrize("form", FORMS)
def test_keys_are_found_and_never_printed_and_nothing_is_made(laptop, form):
    laptop.env("app/a.py", f"x = 1\nKEY = '{STRIPE}'\n")
    laptop.env("b.txt", f"{GROQ}\n")
    done = laptop.keyward("leaks", laptop.work, "-o", form)
    assert done.status == 1
    assert nothing_of(STRIPE, done)
    assert nothing_of(GROQ, done)
    assert made(laptop) == []
    if form == "ids":
        assert [line.partition("/")[0] for line in done.out.split()] == ["stripe", "groq"]
    elif form == "json":
        document = check(done.json)
        assert [(one["kind"], one["places"][0]["line"]) for one in document["leaks"]] == [("stripe", 2), ("groq", 1)]
        assert (document["ids"], document["exit_code"]) == ("run", 1)
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert [(row["kind"], row["line"], row["counts"]) for row in rows] == [
            ("stripe", "2", "true"),
            ("groq", "1", "true"),
        ]
    else:
        assert f"{laptop.work}/app/a.py:2" in done.out
        assert "https://dashboard.stripe.com" in done.out
        assert "2 keys found; no inventory to compare with. 2 files read" in done.err


def test_nothing_found_is_0_and_something_not_read_is_3(laptop):
    laptop.env("a.txt", "nothing\n")
    done = laptop.keyward("leaks", laptop.work)
    assert (done.status, done.out) == (0, "")
    assert "0 keys found" in done.err
    laptop.env("large.txt", "text\n" * 300_000)
    done = laptop.keyward("leaks", laptop.work, "--max-size", "1")
    assert done.status == 3
    assert f"not read: {laptop.work}/large.txt (too large: 1500000 bytes)" in done.err
    laptop.env("b.txt", STRIPE)
    assert laptop.keyward("leaks", laptop.work, "--max-size", "1").status == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name files or folders"),
        (["nothing/of/that/name"], "cannot be looked at"),
        (["--git", "--staged"], "two different questions"),
        (["--git", "a", "b"], "one repository"),
        (["--git"], "not a git repository"),
        (["--staged"], "not a git repository"),
        (["--staged", "."], "not at paths"),
        (["--range", "a..b", "."], "Add --git"),
        (["--update-baseline", "."], "Add --baseline"),
        (["--staged", "--update-baseline", "--baseline", "x"], "too little"),
        (["--git", "--no-ignore"], "in no history"),
        (["--baseline", "none.json", "."], "There is no baseline"),
        (["--baseline", "/dev/null", "."], "is not a baseline"),
        (["hook", "install"], "in no git repository"),
    ],
)
def test_wrong_usage_is_2_and_says_what_would_be_right(laptop, words, said):
    done = laptop.keyward("leaks", *words)
    assert done.status == 2
    assert said in done.err.replace("\n", " ")


def test_a_looks_fabricated_key_is_shown_and_is_no_finding(laptop):
    value = sample("github", 1).decode()
    laptop.env("a.txt", value[:-1] + ("a" if value[-1] != "a" else "b"))
    done = laptop.keyward("leaks", laptop.work)
    assert done.status == 0
    assert "looks fabricated" in done.out
    assert laptop.keyward("leaks", laptop.work, "-o", "ids").out == ""


def test_a_folder_called_like_the_other_command_is_named_by_a_path(laptop):
    laptop.env("hook/a.txt", STRIPE)
    assert laptop.keyward("leaks", laptop.work / "hook").status == 1
    assert "install" in laptop.keyward("leaks", "hook", "--help").out
    shown = laptop.keyward("leaks", "--help").out
    assert "--baseline" in shown
    assert "Usage: keyward leaks [OPTIONS]" in " ".join(shown.split())


def test_cells_that_begin_a_formula_are_defused_and_hostile_names_do_nothing(laptop):
    name = "\x1b]0;owned\x07\x1b[2J[red]"
    folder = laptop.work / "odd"
    folder.mkdir()
    for one in ("=cmd()", name, os.fsdecode(b"caf\xe9"), f"{OPENAI}.txt"):
        (folder / one).write_text(STRIPE)
    for form in FORMS:
        done = laptop.keyward("leaks", folder, "-o", form)
        assert done.status == 1
        assert "\x1b" not in done.out + done.err
        assert "\x07" not in done.out + done.err
        assert nothing_of(OPENAI, done)
    paths = {row["path"] for row in csv.DictReader(io.StringIO(laptop.keyward("leaks", folder, "-o", "csv").out))}
    assert len(paths) == 4
    (laptop.home / "=cmd()").write_text(STRIPE)
    here = csv.DictReader(io.StringIO(laptop.keyward("leaks", ".", "-o", "csv").out))
    assert "'=cmd()" in {row["path"] for row in here}
    assert laptop.keyward("leaks", os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).status == 1


def test_a_baseline_hides_what_is_known_survives_moves_and_tells_what_is_gone(laptop, repo):
    repo.write("a.py", f"K='{STRIPE}'\nURL='postgres://app:hunter2@db/x'\n")
    known = laptop.home / "known.json"
    written = laptop.keyward("leaks", repo.folder, "--baseline", known, "--update-baseline")
    assert (written.status, written.out) == (0, "")
    assert "2 entries, 2 new, 0 gone" in written.err
    document = json.loads(known.read_text())
    jsonschema.Draft202012Validator(published()["keyward.leaks-baseline/1"]).validate(document)
    assert STRIPE[8:] not in known.read_text()
    assert "hunter2" not in known.read_text()
    repo.write("a.py", f"# moved\n\nK='{STRIPE}'\nmore = 1\nURL='postgres://app:hunter2@db/x'\n")
    again = laptop.keyward("leaks", repo.folder, "--baseline", known, "-o", "json")
    assert again.status == 0
    assert [(one["baseline"], one["counts"]) for one in check(again.json)["leaks"]] == [(True, False)] * 2
    repo.write("a.py", f"# moved\n\nK='{GROQ}'\n")
    done = laptop.keyward("leaks", repo.folder, "--baseline", known)
    assert done.status == 1, "another value in the same place is new"
    assert done.err.count("occurs no more") == 2
    assert "groq" in done.out.lower()
    gone = laptop.keyward("leaks", repo.folder, "--baseline", known, "--update-baseline")
    assert "1 entry, 1 new, 2 gone" in gone.err
    assert laptop.keyward("leaks", repo.folder, "--baseline", known).status == 0


def test_nothing_is_taken_out_of_a_baseline_by_a_run_that_did_not_read_everything(laptop):
    known, file = laptop.home / "known.json", laptop.env("a.txt", STRIPE)
    laptop.keyward("leaks", laptop.work, "--baseline", known, "--update-baseline")
    file.write_text("text\n" * 300_000 + STRIPE)
    done = laptop.keyward("leaks", laptop.work, "--max-size", "1", "--baseline", known, "--update-baseline")
    assert done.status == 3
    assert len(json.loads(known.read_text())["entries"]) == 1


def test_ids_are_the_same_on_every_machine_that_has_the_baseline(laptop, tmp_path):
    known = laptop.home / "known.json"
    laptop.env("a.txt", STRIPE)
    laptop.keyward("leaks", laptop.work, "--baseline", known, "--update-baseline")
    assert laptop.keyward("scan", laptop.work).status == 0
    assert laptop.keyward("leaks", laptop.work, "--baseline", known).status == 0
    another = Laptop(tmp_path / "another")
    other = another.env("b/c.txt", STRIPE)
    assert another.keyward("leaks", other, "--baseline", known).status == 0


def test_git_refuses_a_commit_that_adds_a_key_and_takes_it_without(laptop, repo):
    repo.environ.update(
        {"KEYWARD_HOME": str(laptop.home / "keyward"), "KEYWARD_CONFIG": str(laptop.home / "keyward.toml")}
    )
    repo.write("old.txt", f"{GROQ}\n")
    repo.commit()
    known = laptop.home / "known list.json"
    installed = laptop.keyward("leaks", "hook", "install", repo.folder)
    assert installed.status == 0
    hook = repo.folder / ".git" / "hooks" / "pre-commit"
    assert hook.stat().st_mode & stat.S_IXUSR
    repo.write("config.py", f"x = 1\nKEY = '{STRIPE}'\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "add a key", check=False)
    assert repo.status == 1
    assert "config.py:2" in repo.said
    assert STRIPE[8:] not in repo.said
    assert repo.git("rev-list", "--count", "HEAD") == "1"
    repo.write("config.py", "x = 1\n")
    repo.git("commit", "-q", "-a", "-m", "the folder is clean, and so is what -a commits")
    repo.write("old.txt", f"moved\n{GROQ}\n")
    repo.git("commit", "-q", "-a", "-m", "what was there before stops nobody")
    repo.write("config.py", f"x = 1\nKEY = '{STRIPE}'\n")
    laptop.keyward("leaks", repo.folder, "--baseline", known, "--update-baseline")
    assert laptop.keyward("leaks", "hook", "install", repo.folder, "--baseline", known).status == 0
    repo.git("commit", "-q", "-a", "-m", "known")
    assert laptop.keyward("leaks", "hook", "remove", repo.folder).status == 0
    assert not hook.exists()


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A cloud with a live, a deleted and an unread key, a folder with keys of vendors and one that a person declared, all scanned."""
    with Scene(tmp_path_factory.mktemp("leaks") / "scene") as scene:
        scene.settings()
        live, dead, unread = scene.key("live"), scene.key("dead"), scene.key("unread", project="acme-other")
        token = secrets.token_urlsafe(30)
        scene.env(".env", f"STRIPE={STRIPE}\nTOKEN={token}\n")
        values = [word for project in ("acme-prod",) for word in ("--values", f"project:{project}")]
        first = scene.keyward("scan", scene.work, *values)
        assert first.status in (0, 3), first.err
        done = scene.keyward("swap", "--provider", "invideo", "--at", f"env:{scene.work}/.env#TOKEN", "--dry-run")
        assert "declared:" in done.out + done.err, done.err
        assert scene.keyward("revoke", scene.key_id(dead), "--unused", "--yes", "--reason", "trial").status == 0
        assert scene.keyward("scan", scene.work, *values).status in (0, 3)
        yield (
            scene,
            {"live": live.key_string, "dead": dead.key_string, "unread": unread.key_string, "token": token},
            (live, dead),
        )


def find(scene, text, *more):
    """The document about one file with that text, by kind."""
    file = scene.home / "leaked.txt"
    file.write_text(text)
    done = scene.keyward("leaks", file, "-o", "json", *more)
    return done, {one["kind"]: one for one in check(done.json)["leaks"]}


def test_whose_a_key_is_and_what_to_do_is_told_by_the_inventory(scanned):
    scene, values, (live, _) = scanned
    done, found = find(scene, values["live"])
    full = scene.key_id(live)
    one = found["google-api-key"]
    assert [key["id"] for key in one["keys"]] == [full]
    assert (one["keys"][0]["state"], one["dead"]) == ("active", False)
    assert one["advice"]["command"] == f"keyward rotate {full} --emergency --reason leaked"
    assert done.json["ids"] == "ledger"
    assert done.json["inventory"]["scanned_at"]
    table = scene.keyward("leaks", scene.home / "leaked.txt")
    assert f"{full} (active)" in table.out
    assert nothing_of(values["live"], table)


def test_the_advice_for_a_listed_key_works(scanned):
    scene, values, _ = scanned
    _, found = find(scene, values["live"])
    words = found["google-api-key"]["advice"]["command"].split()[1:]
    plan = scene.keyward(*words, "--dry-run")
    assert plan.status in (0, 6), plan.err
    assert "emergency" in plan.out.lower()


def test_a_dead_key_is_said_to_be_dead(scanned):
    scene, values, (_, dead) = scanned
    done, found = find(scene, values["dead"])
    one = found["google-api-key"]
    assert done.status == 1
    assert (one["dead"], one["keys"][0]["id"]) == (True, scene.key_id(dead))
    assert one["keys"][0]["state"].startswith("deleted")
    assert "opens nothing" in one["advice"]["text"]
    assert "1 of them dead" in scene.keyward("leaks", scene.home / "leaked.txt").err


def test_a_key_whose_value_nobody_read_is_not_called_unknown(scanned):
    scene, values, _ = scanned
    _, found = find(scene, values["unread"])
    one = found["google-api-key"]
    assert one["keys"] == []
    assert one["unread"] >= 1
    assert "whose value was not read" in scene.keyward("leaks", scene.home / "leaked.txt").out


def test_keys_by_shape_and_declared_ones_are_known_and_swapped(scanned):
    scene, values, _ = scanned
    _, found = find(scene, f"a {STRIPE}\n'b': '{values['token']}'\n")
    assert found["stripe"]["keys"][0]["id"] == f"shape:{found['stripe']['id']}"
    token = found[None]
    assert token["keys"][0]["id"].startswith("declared:")
    assert token["advice"]["command"] == f"keyward swap {token['keys'][0]['id']}"


def test_without_the_inventory_nothing_is_said_of_it(scanned):
    scene, values, _ = scanned
    done, found = find(scene, f"{values['live']}\n{values['token']}\n", "--no-inventory")
    assert found.keys() == {"google-api-key"}
    assert (done.json["ids"], done.json["inventory"]) == ("run", {"there": False, "scanned_at": None})
    assert found["google-api-key"]["keys"] == []


def test_a_missing_fingerprint_key_is_4_and_none_is_made(scanned, tmp_path):
    scene, values, _ = scanned
    key = scene.home / "state" / "fingerprint.key"
    kept = key.read_bytes()
    key.unlink()
    try:
        (scene.home / "leaked.txt").write_text(values["live"])
        done = scene.keyward("leaks", scene.home / "leaked.txt")
        assert done.status == 4
        assert "--no-inventory" in done.err
        assert not key.exists()
        assert scene.keyward("leaks", scene.home / "leaked.txt", "--no-inventory").status == 1
    finally:
        key.write_bytes(kept)
        key.chmod(0o600)


def test_a_history_is_searched_through_the_command_line(scanned):
    scene, values, _ = scanned
    repo = Repo(scene.home / "history")
    repo.write("a.py", f"K = '{values['live']}'\n")
    first = repo.commit()
    repo.write("a.py", "clean\n")
    repo.commit()
    done = scene.keyward("leaks", "--git", repo.folder)
    assert done.status == 1
    assert f"a.py:1 ({first[:12]}, 2026-01-01, not in HEAD)" in done.out
    assert nothing_of(values["live"], done)
    document = check(scene.keyward("leaks", "--git", repo.folder, "-o", "json").json)
    assert document["leaks"][0]["places"] == [
        {"path": "a.py", "line": 1, "commit": first, "at": "2026-01-01T12:00:00Z", "in_head": False, "in_query": False}
    ]
    assert scene.keyward("leaks", "--git", "--range", f"{first}..HEAD", repo.folder).status == 0


def test_no_value_that_was_found_is_kept_anywhere(scanned):
    scene, values, _ = scanned
    state = scene.home / "state"
    before = files_of(state)
    find(scene, GROQ, "--no-inventory")
    assert files_of(state) == before, "without the inventory nothing is kept at all"
    find(scene, "\n".join([GROQ, *values.values()]))
    kept = files_of(state)
    changed = {name for name in kept if kept[name] != before.get(name)}
    assert {"ledger.db"} <= changed <= {"ledger.db", "cache/inventory.db"}
    for file in (one for one in state.rglob("*") if one.is_file()):
        assert not any(
            form in file.read_bytes().decode("latin-1") for value in (GROQ, *values.values()) for form in encoded(value)
        )
