"""What is on this machine before keyward knows anything: found by looking, never by reading values, and made into a settings file to agree to."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Protocol, cast

from keyward import files
from keyward.desk.wish import Check
from keyward.model.errors import Interrupted, KeywardError, NotAllowed, SourceError, UsageError
from keyward.paths import expanded

if TYPE_CHECKING:
    import threading

    from keyward.model.surroundings import Surroundings
    from keyward.stores.interface import Store
    from keyward.wiring import Parts

_YES, _NO, _UNKNOWN = "yes", "no", "unknown"
LOGIN = "gcloud auth application-default login"
_SECONDS = 20
_SHOWN = 3
_HEAD = """\
# What keyward looks at here. Nothing else is read, and no value is kept.
# Every setting with its meaning: keyward config show, or 6 in the app.
"""
_USUAL = ("work", "src", "code", "projects", "Projects", "dev", "git", "repos", "Developer", "workspace")
"""Names that folders with projects often have."""
_NOBODY = "keyward-init-looks-for-nothing"
"""The name of a service that nobody has: what is listed then says only whether the keyring answers."""


Line = tuple[Check, "Choice | None"]
"""What was found, and what it would put into the settings."""


class WellKnown(Protocol):
    """A store of other programs' files."""

    def present(self) -> Sequence[Path]:
        """Which of its files there are."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a settings file may name.

    `kind` is env, keyring or local; `name` the folder, the service pattern, or the store. `wanted` says that it is proposed: what was
    found but holds nothing, or was not looked into, is only offered.
    """

    kind: str
    name: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was found, and what follows from it.

    `choices` has for each line of `found` what it would put into the settings, None where that is nothing. `proposed` is the text of a
    settings file, empty when nothing was found that could be looked at; `file` is where it would be written, `exists` says that there is
    one already, which stays as it is. `commands` are what to run next.
    """

    found: tuple[Check, ...]
    file: Path
    exists: bool
    proposed: str
    commands: tuple[str, ...]
    choices: tuple[Choice | None, ...] = ()


def look_around(parts: "Parts", folders: Sequence[Path]) -> Beginning:
    """Look for credentials, folders, a keyring and well-known files. No value is kept, nothing is written.

    Args:
        parts: the real parts.
        folders: where env files are looked for; the home folder is never one of them.

    Raises:
        UsageError: a folder is not there.
        SettingsError: the settings that there are cannot be used.
    """
    google, cloud = look_at_google(parts)
    here = look_here(parts, folders)
    first = "keyward scan" if cloud else "keyward scan --local"
    commands = (first, "keyward list", "keyward doctor", *(() if cloud else (LOGIN,)), *_fitting(parts, cloud=cloud))
    return replace(
        here, found=(*google, *here.found), commands=commands, choices=(*(None for _ in google), *here.choices)
    )


def _fitting(parts: "Parts", *, cloud: bool) -> tuple[str, ...]:
    """The checklists that fit what was found, as commands."""
    machine = "keyward checklist run developer-machine"
    if not cloud:
        return (machine,)
    named = parts.gcloud.get("core", "project")
    return (machine, f"keyward checklist run google-cloud-project --project {quote(named.value if named else '*')}")


def look_here(parts: "Parts", folders: Sequence[Path], likely: Sequence[Path] = ()) -> Beginning:
    """Look at this machine only: folders, keyring and well-known files. `commands` are those for a machine without any cloud.

    Args:
        parts: the real parts.
        folders: where env files are looked for; the home folder is never one of them.
        likely: folders that are only offered: nothing in them is looked at.

    Raises:
        UsageError: a folder is not there.
        SettingsError: the settings that there are cannot be used.
    """
    parts.begin()
    full = list(dict.fromkeys(expanded(str(folder)) for folder in folders))
    for folder in full:
        if not folder.is_dir():
            raise UsageError(f"There is no folder {files.shown(folder)}.", hint="Correct the path.")
    env = _env(parts, full)
    offered = [
        (Check("env", files.shown(folder), _UNKNOWN, "there; not looked into"), _folder(folder, wanted=False))
        for folder in likely
        if folder not in full
    ]
    wanted = [Path(choice.name) for _, choice in env if choice is not None and choice.wanted]
    lines = [*env, *offered, *_keyring(parts), *_well_known(parts, wanted)]
    choices = tuple(choice for _, choice in lines)
    proposed = proposal(choice for choice in choices if choice is not None and choice.wanted)
    file = parts.paths.config_file
    commands = ("keyward scan --local", "keyward list", "keyward doctor", LOGIN)
    return Beginning(tuple(check for check, _ in lines), file, file.exists(), proposed, commands, choices)


def likely_folders(parts: "Parts") -> list[Path]:
    """Folders of the usual names in the user's home. Only whether they are there is looked at."""
    home = Path(parts.surroundings.user_home)
    return [home / name for name in _USUAL if (home / name).is_dir()]


def write(begun: Beginning) -> None:
    """Write the proposed settings, as a file that is the user's alone, whole or not at all.

    Raises:
        NotAllowed: there is one already, or it cannot be written.
    """
    try:
        files.private_folder(begun.file.parent)
        files.create(begun.file, begun.proposed.encode())
    except FileExistsError:
        raise NotAllowed(f"{files.shown(begun.file)} is there already; it was not touched.") from None
    except OSError as error:
        raise NotAllowed(f"{files.shown(begun.file)} cannot be written: {error.strerror}.") from None
    except KeywardError as error:
        raise NotAllowed(error.message, hint=error.hint) from None


def look_at_google(parts: "Parts", cancel: "threading.Event | None" = None) -> tuple[list[Check], bool]:
    """What gcloud is set to, and the projects that can be seen; whether Google Cloud can be asked. It asks Google, for some seconds."""
    parts.begin()
    lines = []
    try:
        if parts.gcloud.file is not None:
            account, project = parts.gcloud.get("core", "account"), parts.gcloud.get("core", "project")
            said = ", ".join(one.value for one in (account, project) if one is not None)
            lines.append(Check("google", "gcloud", _YES, said or "no account and no project are set"))
        lines.append(Check("google", "credentials", _YES, parts.google.identity.description))
        found = list(parts.google.projects.search(parts.ctx(None, cancel).within(_SECONDS), (), ()))
    except Interrupted:
        raise
    except KeywardError as error:
        signed_in = bool(lines) and lines[-1].what == "credentials"
        lines.append(
            Check(
                "google", "projects" if signed_in else "credentials", _UNKNOWN if signed_in else _NO, error.message,
                error.hint,
            )
        )  # fmt: skip
        return lines, signed_in
    lines.append(Check("google", "projects", _YES if found else _UNKNOWN, f"{len(found)} can be seen"))
    return lines, True


def _folder(folder: Path, *, wanted: bool) -> Choice | None:
    return Choice("env", str(folder), wanted) if str(folder).isprintable() else None


def _env(parts: "Parts", folders: Sequence[Path]) -> list[Line]:
    """How many env files each folder has, and which folders are worth reading."""
    lines: list[Line] = []
    home = Path(os.path.realpath(parts.surroundings.user_home))
    store = parts.stores.get("env")
    for folder in folders:
        real = Path(os.path.realpath(folder))
        if real == home or real in home.parents:
            said = "is (or holds) your home folder, which is not searched"
            fix = "Name the folder with your projects: keyward init ~/work"
            lines.append((Check("env", files.shown(folder), _UNKNOWN, said, fix), None))
            continue
        count, partly = 0, ""
        try:
            for _ in store.list(str(folder), parts.ctx().within(_SECONDS)):
                count += 1
        except SourceError as error:
            partly = f"; {error.message}"
        said = "1 env or key file" if count == 1 else f"{count} env and key files"
        check = Check("env", files.shown(folder), _YES if count else _NO, f"{said}{partly}")
        lines.append((check, _folder(folder, wanted=count > 0)))
    return lines


def _keyring(parts: "Parts") -> list[Line]:
    """Whether there is a keyring that could be read. None of its entries is looked at."""
    from keyward.plugins import stores

    options = {**parts.surroundings.options, "keyring.services": (_NOBODY,)}
    store = stores(_with(parts.surroundings, options)).get("keyring")
    try:
        for _ in store.list("*", parts.ctx().within(_SECONDS)):
            break
    except KeywardError as error:
        return [(Check("keyring", "keyring", _NO, error.message, error.hint), None)]
    return [(Check("keyring", "keyring", _YES, "can be read; no entry was looked at"), Choice("keyring", "*"))]


def _well_known(parts: "Parts", folders: Sequence[Path]) -> list[Line]:
    """Which files of other programs there are, by the store that would read them."""
    from keyward.plugins import stores
    from keyward.settings.lists import EnvFolder
    from keyward.settings.sections import LOCAL

    options = {**parts.surroundings.options, "env": tuple(EnvFolder(path=folder) for folder in folders)}
    every = stores(_with(parts.surroundings, options))
    lines: list[Line] = []
    for name in LOCAL:
        found = [files.shown(path) for path in _present(every.get(name))]
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            lines.append((Check("local", name, _YES, ", ".join(found[:_SHOWN]) + more), Choice("local", name)))
    return lines


def _present(store: "Store") -> Sequence[Path]:
    return cast("WellKnown", store).present()


def _with(surroundings: "Surroundings", options: dict[str, object]) -> "Surroundings":
    return replace(surroundings, options=options)


def proposal(choices: Iterable[Choice]) -> str:
    """The settings file that names these; empty when there is nothing that it could say."""
    tables = list(_tables(list(choices)))
    return "\n".join([_HEAD, *tables]) if tables else ""


def _tables(choices: Sequence[Choice]) -> Iterator[str]:
    for choice in choices:
        if choice.kind == "env":
            yield f"[[env]]  # env files and service account key files here are read\npath = {_quoted(choice.name)}\n"
    for choice in choices:
        if choice.kind == "keyring":
            yield f"[keyring]  # entries of these services are read\nservices = [{_quoted(choice.name)}]\n"
    if local := [_quoted(choice.name) for choice in choices if choice.kind == "local"]:
        yield f"[local]  # files of these programs are read, and never written\nread = [{', '.join(local)}]\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string
