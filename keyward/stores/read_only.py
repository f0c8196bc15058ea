"""Files that other programs own, at places that are known by their exact path: keyward reads them, and a person changes them."""

# ruff: noqa: ARG002  # the arguments are the interface's

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from keyward.files import shown
from keyward.model.capability import Can, Readiness, Ready
from keyward.model.context import Ctx
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version
from keyward.model.surroundings import Surroundings
from keyward.places import open_to
from keyward.stores.env_place import Place, snapshot, stat_of, stat_version
from keyward.stores.interface import NOTHING_KNOWN
from keyward.stores.unversioned import Unversioned

EVERYTHING = "*"
_ACCEPTED = "local.read"
_NAMED = 5


class ReadOnlyFiles(Unversioned):
    """Files at exact paths; there is one scope, all of them. Nothing is listed or read until the user's settings name the store.

    Args:
        name: the store's name, which `[local] read` accepts.
        paths: gives the paths where such files can be; most of them do not exist.
        surroundings: the user's wishes.
        forms: file endings with the format that they mean; others are told from the content.
    """

    can = frozenset({Can.LIST, Can.READ, Can.LOCAL})

    def __init__(
        self,
        name: str,
        paths: Callable[[], Sequence[Path]],
        surroundings: Surroundings,
        forms: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._paths = paths
        self._accepted = name in surroundings.texts(_ACCEPTED)
        self._forms = forms or {}
        self._known: frozenset[Path] = frozenset()

    def scopes(self, ctx: Ctx) -> Sequence[str]:
        """All of its files, once the user accepted that they are read; before that none."""
        return (EVERYTHING,) if self._accepted else ()

    def present(self) -> Sequence[Path]:
        """Which of these files there are, read or not: nothing is opened."""
        return tuple(path for path in dict.fromkeys(self._paths()) if path.is_file())

    def list(
        self, scope: str, ctx: Ctx, *, known: Mapping[SecretRef, SecretInfo] = NOTHING_KNOWN
    ) -> Iterator[SecretInfo]:
        """Every one of these files that exists.

        Raises:
            SourceError: status "denied" when the user's settings do not name this store; "partial", at the end, when some cannot be looked at.
        """
        if not self._accepted:
            raise SourceError(
                f"Files of {self.name!r} are not read, because [local] read does not name them.",
                status="denied",
                hint="keyward init",
            )
        problems = []
        paths = dict.fromkeys(self._paths())
        self._known = frozenset(paths)
        for path in paths:
            ctx.check()
            try:
                yield self._info(SecretRef(self.name, (os.fspath(path),), scope))
            except Gone:
                continue
            except KeywardError as error:
                problems.append(error.message)
        if problems:
            more = f" And {len(problems) - _NAMED} more." if len(problems) > _NAMED else ""
            raise SourceError(f"Not everything was looked at: {' '.join(problems[:_NAMED])}{more}", status="partial")

    def get(self, ref: SecretRef, ctx: Ctx, *, versions: bool = True) -> SecretInfo:
        """One file as it is now.

        Raises:
            Gone: there is no such file.
            SourceError: it cannot be looked at.
        """
        ctx.check()
        return self._info(ref)

    def read(self, ref: SecretRef, ctx: Ctx, version: str | None = None) -> Payload:
        """The whole file.

        Raises:
            Gone: there is no such file, or it is not that version any more.
            Refused: it is none of these files, too large or no text.
            SourceError: it may not be read.
        """
        ctx.check()
        taken = snapshot(self._place(ref))
        if version is not None and version != taken.version:
            raise Gone(f"{shown(Path(ref.name))} has changed since version {version}.", hint="Read what it holds now.")
        return Payload(Secret(taken.data), taken.version, taken.token, hint=self._form(Path(ref.name)))

    def write(self, ref: SecretRef, data: Secret, ctx: Ctx, *, expect: str, mark: str) -> Version:
        """Always refused.

        Raises:
            Refused: another program owns the file.
        """
        raise Refused(_why(ref), reason="read-only", hint=_BY_HAND)

    def sweep(self, ref: SecretRef, mark: str, ctx: Ctx) -> bool:
        """Nothing is left here, because nothing is written."""
        return False

    def preflight(
        self, ref: SecretRef, want: frozenset[Can], ctx: Ctx, known: SecretInfo | None = None
    ) -> Sequence[Readiness]:
        """Reading works or not; writing never does, and says who has to."""
        ctx.check()
        answers = []
        what = shown(Path(ref.name))
        if Can.READ in want:
            try:
                snapshot(self._place(ref))
                answers.append(Readiness(f"read {what}", Ready.YES))
            except KeywardError as error:
                answers.append(Readiness(f"read {what}", Ready.NO, error.message, error.hint))
        if Can.WRITE in want:
            answers.append(Readiness(f"write {what}", Ready.NO, _why(ref), _BY_HAND))
        return answers

    def _info(self, ref: SecretRef) -> SecretInfo:
        place = self._place(ref)
        version = Version(stat_version(stat_of(place)))
        return SecretInfo(
            ref,
            current=version.id,
            versions=(version,),
            plaintext=True,
            unsafe=_OTHERS,
            open_to=open_to(place.real),
        )

    def _place(self, ref: SecretRef) -> Place:
        path = Path(ref.name)
        if path not in self._known:
            self._known = frozenset(self._paths())
        if ref.store != self.name or path not in self._known:
            raise Refused(f"{ref} is none of the files that keyward reads here.")
        if not self._accepted:
            raise Refused(f"{shown(path)} is not read, because [local] read does not name it.", hint="keyward init")
        real = Path(os.path.realpath(path))
        return Place(path, real, real.parent)  # people link such files to a folder that they keep elsewhere

    def _form(self, path: Path) -> str:
        return next((form for end, form in self._forms.items() if path.name.endswith(end)), "")


_BY_HAND = "Change it there yourself, then run this again; or leave it out with --waive PLACE."


_OTHERS = "it belongs to another program, so you have to change it there yourself"


def _why(ref: SecretRef) -> str:
    return f"{shown(Path(ref.name))} belongs to another program: keyward reads it and never writes it."
