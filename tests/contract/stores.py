"""What every store must do, whatever it is made of. A store's own test inherits `StoreContract` and says what to try it on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from keyward.model.capability import Can, Ready
from keyward.model.context import Ctx
from keyward.model.errors import Conflict, Gone, Interrupted, KeywardError, Refused
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import VersionState
from keyward.stores.interface import Store

CANARY = b"canary-4f1d6a93-never-to-be-seen"
MARK = "01jtestmark"


def a_ctx(**changes: Any) -> Ctx:
    """A context whose clock stands still and whose waits end at once."""
    return replace(Ctx(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC), wait=lambda _: True), **changes)


@dataclass(frozen=True)
class StoreCase:
    """What to try a store on.

    `ref` exists in `scope` and holds `held`, which contains `CANARY`; `absent` does not exist. `interfere` puts another payload in
    place as somebody else would, without keyward; `look` reads the payload so. `pending` could be made in a store that keeps pending
    secrets.
    """

    store: Store
    scope: str
    ref: SecretRef
    held: bytes
    absent: SecretRef
    interfere: Callable[[bytes], None]
    look: Callable[[], bytes]
    pending: SecretRef | None = None


class StoreContract:
    """Inherit, and give the fixture `case`."""

    carried: ClassVar[dict[str, bytes]] = {
        "plain": b"plain",
        "unicode": "schl\u00fcssel \u9375 \U0001f511".encode(),
        "newlines": b"one\ntwo\r\nthree\n\n",
        "blanks": b"  \t lead and trail \t ",
        "quotes": b"\"'`$HOME\\n%s{}#=",
        "long": b"x" * 20_000,
    }
    refused: ClassVar[dict[str, bytes]] = {}

    @pytest.fixture
    def case(self) -> StoreCase:
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc):
        for name in ("carried", "refused"):
            if f"{name}_payload" in metafunc.fixturenames:
                payloads = getattr(self, name) or {"nothing": None}
                metafunc.parametrize(f"{name}_payload", list(payloads.values()), ids=list(payloads))

    def test_its_name_is_the_name_in_its_ids(self, case):
        assert case.ref.store == case.store.name
        assert SecretRef.parse(str(case.ref)) == case.ref

    def test_lists_the_secret_with_the_version_that_is_read(self, case):
        found = [info for info in case.store.list(case.scope, a_ctx()) if info.ref == case.ref]
        assert len(found) == 1
        assert found[0].ref.scope == case.scope
        assert found[0].current == case.store.read(case.ref, a_ctx()).version
        assert not found[0].unsafe

    def test_get_tells_the_same_as_the_listing(self, case):
        listed = next(info for info in case.store.list(case.scope, a_ctx()) if info.ref == case.ref)
        got = case.store.get(case.ref, a_ctx())
        assert (got.ref, got.current, got.unsafe) == (listed.ref, listed.current, listed.unsafe)

    def test_works_with_a_reference_read_back_from_its_id(self, case):
        ref = SecretRef.parse(str(case.ref))
        payload = case.store.read(ref, a_ctx())
        assert payload.data.reveal() == case.held
        case.store.write(ref, Secret(b"by id"), a_ctx(), expect=payload.token, mark=MARK)
        assert case.look() == b"by id"

    def test_a_cancelled_listing_stops(self, case):
        cancelled = threading.Event()
        cancelled.set()
        with pytest.raises(Interrupted):
            list(case.store.list(case.scope, a_ctx(cancel=cancelled)))

    def test_reads_what_is_there_and_the_token_stays_while_nothing_changes(self, case):
        first, second = (case.store.read(case.ref, a_ctx()) for _ in range(2))
        assert first.data.reveal() == case.held
        assert first.token == second.token
        assert first.version == second.version

    def test_the_version_read_can_be_asked_for(self, case):
        version = case.store.read(case.ref, a_ctx()).version
        assert case.store.read(case.ref, a_ctx(), version).data.reveal() == case.held
        with pytest.raises(Gone):
            case.store.read(case.ref, a_ctx(), "999999")

    def test_many_threads_may_read(self, case):
        with ThreadPoolExecutor(8) as pool:
            payloads = list(pool.map(lambda _: case.store.read(case.ref, a_ctx()), range(16)))
        assert {payload.data.reveal() for payload in payloads} == {case.held}

    def test_another_program_reads_what_was_written(self, case, carried_payload):
        before = case.store.read(case.ref, a_ctx())
        version = case.store.write(case.ref, Secret(carried_payload), a_ctx(), expect=before.token, mark=MARK)
        assert case.look() == carried_payload
        after = case.store.read(case.ref, a_ctx())
        assert after.data.reveal() == carried_payload
        assert after.version == version.id
        assert after.token != before.token

    def test_what_cannot_be_carried_is_refused_and_nothing_changes(self, case, refused_payload):
        if refused_payload is None:
            return  # this store carries everything
        before = case.store.read(case.ref, a_ctx())
        with pytest.raises(Refused):
            case.store.write(case.ref, Secret(refused_payload), a_ctx(), expect=before.token, mark=MARK)
        assert case.look() == case.held

    def test_a_stale_expectation_is_a_conflict_and_nothing_changes(self, case):
        before = case.store.read(case.ref, a_ctx())
        other = case.held[:-1] + bytes([case.held[-1] ^ 1])
        case.interfere(other)
        with pytest.raises(Conflict):
            case.store.write(case.ref, Secret(b"new"), a_ctx(), expect=before.token, mark=MARK)
        assert case.look() == other

    def test_an_expectation_that_never_was_is_a_conflict(self, case):
        with pytest.raises(Conflict):
            case.store.write(case.ref, Secret(b"new"), a_ctx(), expect="never-was", mark=MARK)
        assert case.look() == case.held

    def test_the_same_write_again_is_a_conflict(self, case):
        before = case.store.read(case.ref, a_ctx())
        case.store.write(case.ref, Secret(b"new"), a_ctx(), expect=before.token, mark=MARK)
        with pytest.raises(Conflict):
            case.store.write(case.ref, Secret(b"newer"), a_ctx(), expect=before.token, mark=MARK)
        assert case.look() == b"new"

    def test_what_is_not_there_is_gone(self, case):
        with pytest.raises(Gone):
            case.store.get(case.absent, a_ctx())
        with pytest.raises(Gone):
            case.store.read(case.absent, a_ctx())
        with pytest.raises((Gone, Conflict)):
            case.store.write(case.absent, Secret(b"new"), a_ctx(), expect="", mark=MARK)
        with pytest.raises(Gone):
            case.store.get(case.absent, a_ctx())

    def test_a_sweep_with_nothing_left_removes_nothing(self, case):
        assert case.store.sweep(case.ref, MARK, a_ctx()) is False
        assert case.look() == case.held

    def test_preflight_says_yes_and_does_nothing(self, case):
        want = frozenset({Can.READ, Can.WRITE}) & case.store.can
        answers = case.store.preflight(case.ref, want, a_ctx())
        assert answers
        assert all(answer.ready is not Ready.NO for answer in answers)
        assert case.look() == case.held

    def test_preflight_says_no_for_what_is_not_there(self, case):
        answers = case.store.preflight(case.absent, frozenset({Can.READ}), a_ctx())
        assert any(answer.ready is Ready.NO and answer.why for answer in answers)

    def test_what_it_cannot_do_it_refuses(self, case):
        if Can.VERSIONS not in case.store.can:
            with pytest.raises(Refused):
                case.store.set_state(case.ref, "1", VersionState.DISABLED, a_ctx())
        if Can.ALIASES not in case.store.can:
            with pytest.raises(Refused):
                case.store.move_alias(case.ref, "live", "1", a_ctx())
        if Can.SECRET_STORE not in case.store.can:
            with pytest.raises(Refused):
                case.store.create(case.absent, case.ref, a_ctx())
            with pytest.raises(Refused):
                case.store.remove(case.ref, a_ctx())
        assert case.look() == case.held

    def test_a_pending_secret_is_made_empty_written_read_and_removed(self, case):
        if Can.SECRET_STORE not in case.store.can:
            return  # another test sees that it refuses
        store, ref, ctx = case.store, case.pending, a_ctx()
        assert all(one.ready is not Ready.NO for one in store.preflight(ref, frozenset({Can.SECRET_STORE}), ctx))
        with pytest.raises(Gone):
            store.read(ref, ctx)
        for _ in range(2):  # a run that was killed makes it again
            assert store.create(ref, case.ref, ctx).ref == ref
        try:
            token = store.read(ref, ctx).token
        except Gone:  # where a secret is one thing and its first version another
            token = ""
        for text in (CANARY, CANARY + b" and the old one"):
            store.write(ref, Secret(text), ctx, expect=token, mark=MARK)
            read = store.read(ref, ctx)
            assert read.data.reveal() == text
            token = read.token
        assert store.create(ref, case.ref, ctx).ref == ref
        assert store.read(ref, ctx).data.reveal() == CANARY + b" and the old one", "making it again emptied it"
        for _ in range(2):
            store.remove(ref, ctx)
        with pytest.raises(Gone):
            store.read(ref, ctx)
        assert case.look() == case.held

    def test_nothing_but_a_pending_secret_is_removed(self, case):
        if Can.REMOVE not in case.store.can:
            return
        with pytest.raises(Refused):
            case.store.remove(case.ref, a_ctx())
        assert case.look() == case.held

    def test_no_value_shows_in_texts_and_errors(self, case):
        payload = case.store.read(case.ref, a_ctx())
        texts = [repr(payload), str(payload), payload.token, payload.version]
        texts += [repr(info) for info in case.store.list(case.scope, a_ctx())]
        for expect, data in (("never-was", CANARY), *((payload.token, CANARY + bad) for bad in self.refused.values())):
            with pytest.raises(KeywardError) as raised:
                case.store.write(case.ref, Secret(data), a_ctx(), expect=expect, mark=MARK)
            texts += _all_texts(raised.value)
        assert not [text for text in texts if CANARY.decode() in text]


def _all_texts(error: BaseException | None) -> list[str]:
    texts = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args), repr(vars(error))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return texts
