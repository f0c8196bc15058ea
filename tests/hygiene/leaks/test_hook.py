"""The hook is put where git looks for it, other people's hooks stay as they are, and only keyward's own is removed."""

import pytest

from keyward.hygiene.leaks import hook
from keyward.hygiene.leaks.git import Git
from keyward.model.errors import NotAllowed, UsageError
from tests.parts.repo import Repo

COMMAND = ("/opt/key ward/keyward", "leaks", "--staged")


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo")


def git(repo, folder=None):
    return Git(folder or repo.folder, repo.environ)


def test_it_is_installed_run_replaced_and_removed(repo, tmp_path):
    program = repo.write("../program with a blank", f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/ran\nexit 1\n")
    program.chmod(0o755)
    file = hook.install(git(repo), (str(program), "leaks", "it's"))
    assert file == repo.folder / ".git" / "hooks" / "pre-commit"
    repo.git("commit", "-q", "--allow-empty", "-m", "x", check=False)
    assert repo.status == 1
    assert (tmp_path / "ran").read_text() == "leaks\nit's\n"
    assert hook.install(git(repo), COMMAND) == file
    assert "'/opt/key ward/keyward' leaks --staged" in file.read_text()
    assert hook.remove(git(repo)) == file
    assert not file.exists()
    assert hook.remove(git(repo)) is None
    repo.commit()


def test_another_hook_is_left_alone_with_what_to_add_to_it(repo):
    file = repo.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n")
    with pytest.raises(NotAllowed) as refused:
        hook.install(git(repo), COMMAND)
    assert "'/opt/key ward/keyward' leaks --staged || exit $?" in refused.value.hint
    with pytest.raises(NotAllowed, match="not keyward's own"):
        hook.remove(git(repo))
    assert file.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_link_is_another_hook_wherever_it_leads(repo, tmp_path):
    target = tmp_path / "shared"
    target.write_text(hook.script(COMMAND))
    for where in (target, tmp_path / "nowhere"):
        link = repo.folder / ".git" / "hooks" / "pre-commit"
        link.unlink(missing_ok=True)
        link.symlink_to(where)
        with pytest.raises(NotAllowed):
            hook.install(git(repo), COMMAND)
        with pytest.raises(NotAllowed):
            hook.remove(git(repo))


def test_it_goes_where_the_repository_keeps_its_hooks(repo):
    repo.git("config", "core.hooksPath", ".githooks")
    file = hook.install(git(repo), COMMAND)
    assert file == repo.folder / ".githooks" / "pre-commit"
    assert file.stat().st_mode & 0o111 == 0o111


def test_hooks_that_all_repositories_share_are_left_alone(repo, tmp_path):
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\thooksPath = {tmp_path}/hooks\n")
    repo.environ["GIT_CONFIG_GLOBAL"] = str(settings)
    with pytest.raises(NotAllowed, match="every repository of this user"):
        hook.install(git(repo), COMMAND)
    assert not (tmp_path / "hooks").exists()


def test_a_worktree_and_a_folder_inside_share_the_repositorys_hook(repo, tmp_path):
    repo.commit()
    (repo.folder / "deep" / "er").mkdir(parents=True)
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    usual = repo.folder / ".git" / "hooks" / "pre-commit"
    assert hook.install(git(repo, tmp_path / "tree"), COMMAND) == usual
    assert hook.remove(git(repo, repo.folder / "deep" / "er")) == usual


def test_outside_of_a_repository_there_is_none(repo, tmp_path):
    with pytest.raises(UsageError, match="in no git repository"):
        hook.install(git(repo, tmp_path), COMMAND)


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("#!/bin/sh\nmake lint\n'/opt/key ward/keyward' leaks --staged || exit $?\n", 0o755, True),
        ("#!/bin/sh\npython -m keyward leaks --staged\n", 0o755, True),
        ("#!/bin/sh\nkeyward leaks --staged\n", 0o644, False),
        ("#!/bin/sh\n# keyward leaks --staged\n", 0o755, False),
        ("#!/bin/sh\nmake lint # keyward leaks --staged\n", 0o755, False),
        ("#!/bin/sh\nkeyward leaks .\n", 0o755, False),
        (hook.script(COMMAND), 0o755, True),
    ],
)
def test_a_hook_asks_keyward_when_it_is_its_own_or_has_the_line_and_git_runs_it(tmp_path, text, mode, expected):
    file = tmp_path / "pre-commit"
    assert not hook.asks(file)
    file.write_text(text)
    file.chmod(mode)
    assert hook.asks(file) is expected
