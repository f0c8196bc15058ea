"""Which files are found in a folder, and what is said of those that could not be looked at."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyward.model.errors import SourceError
from keyward.model.surroundings import Surroundings
from keyward.stores.env_files import EnvFiles, store
from keyward.stores.env_walk import is_env_file, is_template
from tests.contract.stores import a_ctx
from tests.parts.need import missing

ELSEWHERE = Path("/nonexistent")


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("A=1\n")


def listed(folder, *, home=ELSEWHERE, named=None):
    """Names relative to the folder, and what was said at the end."""
    found, said = [], None
    try:
        for info in EnvFiles(home, named or {}).list(str(folder), a_ctx()):
            assert info.plaintext
            assert info.created is None
            found.append(os.path.relpath(info.ref.name, folder))
    except SourceError as error:
        said = error
    return found, said


@pytest.mark.parametrize(
    "name", [".env", ".env.local", ".env.production.local", "prod.env", ".envrc", ".env.example", "sample.env"]
)
def test_names_of_env_files(name):
    assert is_env_file(name)


@pytest.mark.parametrize("name", ["env", ".environment", "env.py", ".envy", "README", ".env.keyward-01JABC"])
def test_other_names(name):
    assert not is_env_file(name)


@pytest.mark.parametrize("name", [".env.example", ".env.sample", ".env.template", "example.env", ".env.dist"])
def test_templates_are_listed_and_marked(tmp_path, name):
    assert is_template(name)
    put(tmp_path, name)
    infos = list(EnvFiles(ELSEWHERE, {}).list(str(tmp_path), a_ctx()))
    assert [info.labels.get("template") for info in infos] == ["yes"]


def test_four_folders_deep_unless_the_settings_say_otherwise(tmp_path):
    put(tmp_path, ".env", "1/.env", "1/2/3/4/.env", "1/2/3/4/5/.env")
    assert listed(tmp_path) == ([".env", "1/.env", "1/2/3/4/.env"], None)
    assert listed(tmp_path, named={tmp_path: 1}) == ([".env", "1/.env"], None)
    assert listed(tmp_path, named={tmp_path: 9})[0][-1] == "1/2/3/4/5/.env"


def test_a_single_file_may_be_named(tmp_path):
    put(tmp_path, "variables", ".env")
    assert [info.ref.name for info in EnvFiles(ELSEWHERE, {}).list(str(tmp_path / "variables"), a_ctx())] == [
        str(tmp_path / "variables")
    ]


def test_what_others_made_is_left_out(tmp_path):
    put(tmp_path, ".git/.env", "node_modules/pkg/.env", ".venv/.env", "__pycache__/.env", "kept/.env")
    put(tmp_path, "my-environment/pyvenv.cfg", "my-environment/lib/.env", "stuff/CACHEDIR.TAG", "stuff/.env")
    assert listed(tmp_path) == (["kept/.env"], None)


def test_folders_named_like_env_files_are_folders(tmp_path):
    put(tmp_path, ".env/.env")
    assert listed(tmp_path) == ([".env/.env"], None)


def test_links_to_folders_are_not_followed(tmp_path):
    put(tmp_path, "outside/.env", "inside/real/.env")
    (tmp_path / "inside" / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / "loop").symlink_to(tmp_path / "inside")
    assert listed(tmp_path / "inside") == (["real/.env"], None)


def test_dangling_links_pipes_and_temporary_files_are_no_env_files(tmp_path):
    (tmp_path / ".env").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.env")
    put(tmp_path, ".env.keyward-01JABC")
    assert listed(tmp_path) == ([], None)


def test_large_files_are_named_and_the_others_listed(tmp_path):
    put(tmp_path, "a.env", "z.env")
    (tmp_path / "m.env").write_bytes(b"x" * (1_048_576 + 1))
    found, said = listed(tmp_path)
    assert found == ["a.env", "z.env"]
    assert said.status == "partial"
    assert str(tmp_path / "m.env") in said.message
    assert "too large" in said.message


def test_unreadable_files_and_folders_are_named(tmp_path):
    put(tmp_path, "a.env", "closed.env", "closed/.env")
    (tmp_path / "closed.env").chmod(0)
    (tmp_path / "closed").chmod(0)
    tmp_path.chmod(0o755)
    for above in tmp_path.parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)  # pytest's own folder, made for this run
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        found, said = listed(tmp_path)
    finally:
        if root:
            os.seteuid(0)
        (tmp_path / "closed").chmod(0o700)
    assert found == ["a.env"]
    assert said.status == "partial"
    assert f"{tmp_path / 'closed'} cannot be listed (Permission denied)" in said.message
    assert f"{tmp_path / 'closed.env'} cannot be read (Permission denied)" in said.message


def test_names_that_are_no_text_are_said_and_hostile_ones_defused(tmp_path):
    put(tmp_path, "a.env")
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.env")).write_bytes(b"")
    except OSError:
        missing("a file system that allows any bytes in names")
    (tmp_path / "\x1b[2J\u202e.env").write_bytes(b"x" * (1_048_576 + 1))
    found, said = listed(tmp_path)
    assert found == ["a.env"]
    assert "not text" in said.message
    assert "\x1b" not in said.message
    assert "\u202e" not in said.message


def test_many_problems_are_counted(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.env").write_bytes(b"x" * (1_048_576 + 1))
    said = listed(tmp_path)[1]
    assert "and 4 more" in said.message


@pytest.mark.parametrize("scope", ["~", "..", "."])
def test_the_home_folder_is_never_searched_silently(tmp_path, scope, monkeypatch):
    home = tmp_path / "home"
    put(home, ".env", "work/.env")
    put(tmp_path, ".env")
    monkeypatch.chdir(home)
    kept = EnvFiles(home, {})
    found = []
    with pytest.raises(SourceError, match="home folder") as partial:
        found.extend(info.ref.name for info in kept.list(scope, a_ctx()))
    assert partial.value.status == "partial"
    assert found == [str(tmp_path / ".env" if scope == ".." else home / ".env")]
    assert listed(home / "work", home=home) == ([".env"], None)
    assert listed(home, home=home, named={home: 2}) == ([".env", "work/.env"], None)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    said = listed(tmp_path / "nowhere")[1]
    assert str(tmp_path / "nowhere") in said.message


@dataclass
class Folder:
    path: Path
    depth: int
    ignore: tuple[str, ...] = ()


def test_the_factory_takes_folders_from_the_settings(tmp_path):
    put(tmp_path, "work/.env", "work/1/2/.env")
    options = {"env": (Folder(Path("~/work"), 1),)}
    kept = store(Surroundings({}, tmp_path, tmp_path, tmp_path, "here", tmp_path, options=options))
    assert [info.ref.name for info in kept.list("~/work", a_ctx())] == [str(tmp_path / "work/.env")]


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ((), [".env", "a/.env", "a/fixtures/.env", "a/fixtures/deep/.env", "a/x.test.env"]),
        (("fixtures",), [".env", "a/.env", "a/x.test.env"]),
        (("*.test.env", "fixtures/"), [".env", "a/.env"]),
        (("a/fixtures/deep",), [".env", "a/.env", "a/fixtures/.env", "a/x.test.env"]),
        (("a/*",), [".env"]),
        (("/a/",), [".env"]),
        (("fixtures/deep",), [".env", "a/.env", "a/fixtures/.env", "a/fixtures/deep/.env", "a/x.test.env"]),
    ],
)
def test_what_the_settings_leave_out_is_not_looked_at(tmp_path, ignore, left):
    put(tmp_path, ".env", "a/.env", "a/fixtures/.env", "a/fixtures/deep/.env", "a/x.test.env")
    options = {"env": (Folder(tmp_path, 4, ignore),)}
    kept = store(Surroundings({}, tmp_path, tmp_path, tmp_path, "here", tmp_path, options=options))
    found = sorted(os.path.relpath(info.ref.name, tmp_path) for info in kept.list(str(tmp_path), a_ctx()))
    assert found == sorted(left)
