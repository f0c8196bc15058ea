"""Env files as a store: a file is a secret with one version, its variables are the parts. So are the key files that lie beside them."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from keyward import files
from keyward.model.capability import Can, Readiness, Ready
from keyward.model.context import Ctx
from keyward.model.errors import Conflict, Gone, KeywardError, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.keyfile import fields
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version
from keyward.model.surroundings import Surroundings
from keyward.places import open_to
from keyward.stores.env_place import Place, snapshot, stat_of, stat_version
from keyward.stores.env_walk import LIMIT, Problem, is_env_file, is_template, walk
from keyward.stores.interface import NOTHING_KNOWN
from keyward.stores.tokens import same
from keyward.stores.unversioned import Unversioned

NAME = "env"
DEPTH = 4
_NAMED = 5
"""Problems named one by one; the others are counted."""


_NOTHING: Mapping[Path, Sequence[str]] = MappingProxyType({})


class Folder(Protocol):
    """A folder that the user named in the settings."""

    @property
    def path(self) -> Path:
        """The folder, or one file."""
        ...

    @property
    def depth(self) -> int:
        """How many folders below it are looked into."""
        ...

    @property
    def ignore(self) -> Sequence[str]:
        """What is left out: patterns of names, and of paths from the folder."""
        ...


def store(surroundings: Surroundings) -> "EnvFiles":
    """The store of this machine's env files."""
    named = cast("Sequence[Folder]", surroundings.options.get("env") or ())
    home = surroundings.user_home
    folders = {_expanded(os.fspath(folder.path), home): folder for folder in named}
    depths = {path: folder.depth for path, folder in folders.items()}
    return EnvFiles(home, depths, {path: folder.ignore for path, folder in folders.items()})


class EnvFiles(Unversioned):
    """Env files below folders that the user named; a scope is such a folder, or one file.

    Args:
        home: the user's home folder, which is never searched unless `named` has it.
        named: folders of the settings, and how many folders below each are looked into.
        ignored: what is left out in each.
    """

    name = NAME
    can = frozenset({Can.LIST, Can.READ, Can.WRITE, Can.CAS, Can.LOCAL})

    def __init__(self, home: Path, named: dict[Path, int], ignored: Mapping[Path, Sequence[str]] = _NOTHING) -> None:
        self._home = home
        self._named = named
        self._ignored = ignored

    def list(
        self,
        scope: str,
        ctx: Ctx,
        *,
        known: Mapping[SecretRef, SecretInfo] = NOTHING_KNOWN,  # noqa: ARG002  # asking costs nothing here
    ) -> Iterator[SecretInfo]:
        """Every env file of the folder, and every service account key file in it.

        Raises:
            SourceError: the folder does not exist or cannot be read; at the end, with status "partial", when single files or folders
                in it could not be looked at, which the message names.
        """
        ctx.check()
        folder = _expanded(scope, self._home)
        if folder.is_file():
            yield self._info(SecretRef(NAME, (os.fspath(folder),), scope), Place.of(folder, folder.parent))
            return
        if not folder.is_dir():
            raise SourceError(f"There is no folder {files.shown(folder)}.", hint="Correct the path.")
        problems: list[Problem] = []
        depth = self._depth(folder)
        if depth is None:
            depth = 0
            problems.append(Problem(folder, "is (or holds) the home folder: only the files directly in it were listed"))
        for found in walk(folder, depth, ctx.check, self._ignored.get(folder, ())):
            if isinstance(found, Problem):
                problems.append(found)
                continue
            try:
                info = self._info(SecretRef(NAME, (os.fspath(found),), scope), Place.of(found, folder))
            except Gone:
                continue  # removed since its folder was listed
            yield info
        if problems:
            raise _partial(problems)

    def get(self, ref: SecretRef, ctx: Ctx, *, versions: bool = True) -> SecretInfo:  # noqa: ARG002  # there is one
        """One file as it is now.

        Raises:
            Gone: there is no such file.
            SourceError: it cannot be looked at.
        """
        ctx.check()
        return self._info(ref, self._place(ref))

    def read(self, ref: SecretRef, ctx: Ctx, version: str | None = None) -> Payload:
        """The whole file.

        Raises:
            Gone: there is no such file, or it is not that version any more.
            Refused: it leads out of its folder, is too large or no text.
            SourceError: it may not be read.
        """
        ctx.check()
        taken = snapshot(self._place(ref))
        if version is not None and version != taken.version:
            raise Gone(f"{_path(ref)} has changed since version {version}.", hint="Read what it holds now.")
        return Payload(Secret(taken.data), taken.version, taken.token, hint=_form(Path(ref.name).name, taken.data))

    def write(self, ref: SecretRef, data: Secret, ctx: Ctx, *, expect: str, mark: str) -> Version:
        """Replace the whole file, keeping its owner, mode and attributes, if it is still the one read.

        Inode, size, time and content are compared once more just before the new file takes its place.

        Raises:
            Conflict: the file changed; nothing was written.
            Gone: there is no such file.
            Refused: an unsafe place, too large, no text, a full disk; nothing was written.
            Ambiguous: written, but the disk did not confirm it.
        """
        ctx.check()
        place = self._place(ref)
        content = data.reveal()
        if len(content) > LIMIT or b"\0" in content:
            raise Refused(f"{_path(ref)} cannot hold this: env files are text of at most {LIMIT} bytes.")

        def unchanged() -> None:
            if Place.of(place.path, place.root) != place or not same(snapshot(place).token, expect):
                raise Conflict(f"{_path(ref)} changed since it was read; it was not written.", hint="Plan again.")

        stat_of(place)
        if reason := place.unsafe:
            raise Refused(f"{_path(ref)} {reason}; it was not written.", reason="unsafe")
        unchanged()
        return Version(stat_version(files.replace(place.real, content, mark=mark, check=unchanged)))

    def sweep(self, ref: SecretRef, mark: str, ctx: Ctx) -> bool:
        """Remove the temporary file of an interrupted write; whether there was one."""
        ctx.check()
        return files.sweep(self._place(ref).real, mark)

    def leftovers(self, ref: SecretRef, ctx: Ctx) -> Sequence[str]:
        """The rotations whose temporary files lie beside the file."""
        ctx.check()
        return files.leftovers(self._place(ref).real)

    def preflight(
        self,
        ref: SecretRef,
        want: frozenset[Can],
        ctx: Ctx,
        known: SecretInfo | None = None,  # noqa: ARG002  # looking again costs nothing here
    ) -> Sequence[Readiness]:
        """Whether reading and writing would work, and what direnv will ask for."""
        ctx.check()
        answers = []
        try:
            place = self._place(ref)
            snapshot(place)
        except KeywardError as error:
            return [Readiness(f"read {_path(ref)}", Ready.NO, error.message, error.hint)]
        if Can.READ in want:
            answers.append(Readiness(f"read {_path(ref)}", Ready.YES))
        if Can.WRITE in want:
            why = place.unsafe
            answers.append(Readiness(f"write {_path(ref)}", Ready.NO if why else Ready.YES, why and f"it {why}"))
            if place.path.name == ".envrc":
                command = f"direnv allow {shlex.quote(os.fspath(place.path))}"
                answers.append(
                    Readiness("direnv allow", Ready.YES, "direnv blocks a changed file until allowed", command)
                )
        return answers

    def _info(self, ref: SecretRef, place: Place) -> SecretInfo:
        about = stat_of(place)
        labels = {"template": "yes"} if is_template(place.path.name) else {}
        version = Version(stat_version(about))
        return SecretInfo(
            ref,
            current=version.id,
            versions=(version,),
            labels=labels,
            plaintext=True,
            unsafe=place.unsafe,
            open_to=open_to(place.real),
        )

    def _place(self, ref: SecretRef) -> Place:
        """The file of that reference, bound to the folder it was found in, else to the named folder around it, else to its own."""
        path = Path(ref.name)
        if ref.store != NAME or not path.is_absolute() or ".." in path.parts:
            raise Refused(f"{ref} does not name a file by its full path.")
        if ref.scope:
            root = _expanded(ref.scope, self._home)
            return Place.of(path, root.parent if root == path else root)
        around = [folder for folder in self._named if folder in path.parents]
        return Place.of(path, max(around, key=lambda folder: len(folder.parts), default=path.parent))

    def _depth(self, folder: Path) -> int | None:
        """How deep to look; None when the folder is the home folder or holds it, and the settings do not name it."""
        if folder in self._named:
            return self._named[folder]
        real, home = (Path(os.path.realpath(path)) for path in (folder, self._home))
        return None if real == home or real in home.parents else DEPTH


def _form(name: str, data: bytes) -> str:
    """How the file is written; a name says it, except for a key file that has none of the usual ones."""
    return "json" if not is_env_file(name) and fields(data) is not None else "dotenv"


def _expanded(text: str, home: Path) -> Path:
    if text == "~" or text.startswith("~/"):
        return home / text[2:]
    return Path(os.path.abspath(text))  # noqa: PTH100  # also removes `..`, so that the same folder has one name


def _path(ref: SecretRef) -> str:
    return files.shown(Path(ref.name))


def _partial(problems: Sequence[Problem]) -> SourceError:
    shown = "; ".join(str(problem) for problem in problems[:_NAMED])
    more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
    return SourceError(f"Not everything was looked at: {shown}{more}.", status="partial")
