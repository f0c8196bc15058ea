"""What every provider keeps, whoever it is: a test module subclasses `ProviderContract` and says how to make its world.

Tests of what a provider cannot do are skipped by its own `can`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyward.model.capability import Act, Can, CrashClass, Readiness
from keyward.model.credential import Restrictions, State
from keyward.model.detectors import BY_KIND, identify
from keyward.model.errors import Conflict, Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.usage import UseStatus
from keyward.model.verdict import VerdictKind
from keyward.providers.interface import Change, Marker, Want


@dataclass
class Bench:
    """A provider in a world: a scope that exists and is empty, and one that may not be read.

    `plain` says that its keys have no name, restrictions or annotations of their own; `nobody` is the local id of no key.
    """

    provider: Any
    ctx: Any
    scope: str
    forbidden: str
    restrictions: Restrictions = field(default_factory=Restrictions)
    plain: bool = False
    nobody: tuple = ("11111111-2222-4333-8444-555555555555",)

    def want(self, **more):
        return Want(self.scope, name="A key", restrictions=self.restrictions, annotations={"team": "web"}, **more)

    def create(self, rotation="r1", attempt=1):
        return self.provider.create(self.want(), Marker(rotation, attempt), self.ctx)


class ProviderContract:
    """The suite. A subclass has a fixture `bench` that returns a `Bench`."""

    def test_names_are_stable_and_typable(self, bench):
        made = bench.create().credential
        assert CredentialRef.parse(made.id) == made.ref
        assert made.ref.provider == bench.provider.name
        assert made.ref.scope == bench.scope

    def test_a_new_key_is_listed_once_with_what_was_asked_for(self, bench):
        made = bench.create().credential
        listed = [one for one in bench.provider.list(bench.scope, bench.ctx) if one.ref == made.ref]
        assert len(listed) == 1
        assert listed[0].state is State.ACTIVE
        assert listed[0].bound_identity == bench.want().bound_identity
        if not bench.plain:
            assert listed[0].name == "A key"
            assert listed[0].annotations["team"] == "web"
            assert listed[0].restrictions == bench.restrictions
        assert listed[0].created is not None
        assert listed[0].created.tzinfo is UTC
        assert bench.provider.get(made.ref, bench.ctx) == listed[0]

    def test_an_empty_scope_lists_nothing(self, bench):
        assert list(bench.provider.list(bench.scope, bench.ctx)) == []

    def test_a_forbidden_scope_says_which_permission_is_missing(self, bench):
        with pytest.raises(SourceError) as caught:
            list(bench.provider.list(bench.forbidden, bench.ctx))
        assert caught.value.status == "denied"
        assert caught.value.permission
        assert caught.value.api

    def test_a_key_that_never_was_is_gone(self, bench):
        ref = CredentialRef(bench.provider.name, bench.scope, bench.nobody)
        with pytest.raises(Gone):
            bench.provider.get(ref, bench.ctx)

    def test_own_finds_exactly_what_this_rotation_made(self, bench):
        if bench.provider.crash not in {CrashClass.NAMED, CrashClass.MARKABLE}:
            pytest.skip("nothing marks its keys")
        first = bench.create("mine", 1).credential
        bench.create("other", 1)
        assert [one.ref for one in bench.provider.own(bench.want(), Marker("mine", 1), bench.ctx)] == [first.ref]
        assert list(bench.provider.own(bench.want(), Marker("nobody", 1), bench.ctx)) == []

    def test_a_create_that_is_repeated_makes_no_second_key(self, bench):
        if bench.provider.crash is not CrashClass.NAMED:
            pytest.skip("its creates are not named")
        first = bench.create()
        again = bench.create()
        assert again.adopted
        assert again.credential.ref == first.credential.ref
        assert len(list(bench.provider.list(bench.scope, bench.ctx))) == 1

    def test_an_id_that_stands_beside_a_secret_tells_what_belongs_to_it(self, bench):
        made = bench.create()
        if not made.credential.pair_id:
            pytest.skip("its keys are one value")
        shape = identify(made.credential.pair_id.encode())
        assert shape is not None
        assert (shape.provider, shape.is_secret) == (bench.provider.name, False)
        assert made.value is not None
        assert BY_KIND[shape.pairs_with].bare(made.value.reveal())
        assert bench.provider.get(made.credential.ref, bench.ctx).pair_id == made.credential.pair_id

    def test_values_are_hidden_and_the_same_each_time(self, bench):
        if Can.READ_VALUE not in bench.provider.can:
            pytest.skip("its values cannot be read again")
        made = bench.create().credential
        value = bench.provider.read_value(made.ref, bench.ctx)
        assert isinstance(value, Secret)
        assert len(value) > 16
        assert bench.provider.read_value(made.ref, bench.ctx) == value

    def test_a_fresh_value_works_and_a_made_up_one_is_dead(self, bench):
        if not {Can.READ_VALUE, Can.VERIFY} <= bench.provider.can:
            pytest.skip("its values cannot be read or tried")
        made = bench.create().credential
        value = bench.provider.read_value(made.ref, bench.ctx)
        verdict = bench.provider.verify(value, made.ref, bench.ctx)
        assert verdict.kind is VerdictKind.WORKS, verdict
        assert verdict.alive
        wrong = Secret(value.reveal()[:-6] + b"wRonG1")
        dead = bench.provider.verify(wrong, None, bench.ctx)
        assert dead.kind is VerdictKind.DEAD, dead
        for secret in (value, wrong):
            assert secret.reveal_text() not in verdict.evidence + dead.evidence

    def test_revoking_and_restoring_are_states_not_events(self, bench):
        provider, ctx = bench.provider, bench.ctx
        made = bench.create().credential
        provider.act(Act.REVOKE, made.ref, ctx, etag=made.etag)
        provider.act(Act.REVOKE, made.ref, ctx)
        if Can.RESTORE not in provider.can:
            return
        off = provider.get(made.ref, ctx)
        assert off.state is State.RESTORABLE
        assert off.restorable_until > ctx.now
        assert made.ref in {one.ref for one in provider.list(bench.scope, ctx)}
        provider.act(Act.RESTORE, made.ref, ctx)
        provider.act(Act.RESTORE, made.ref, ctx)
        assert provider.get(made.ref, ctx).state is State.ACTIVE

    def test_revoking_what_is_not_there_returns(self, bench):
        ref = CredentialRef(bench.provider.name, bench.scope, bench.nobody)
        bench.provider.act(Act.REVOKE, ref, bench.ctx)
        if Can.RESTORE in bench.provider.can:
            with pytest.raises(Gone):
                bench.provider.act(Act.RESTORE, ref, bench.ctx)

    def test_what_a_provider_cannot_do_is_refused(self, bench):
        made = bench.create().credential
        if Can.DISABLE not in bench.provider.can:
            with pytest.raises(Refused):
                bench.provider.act(Act.DISABLE, made.ref, bench.ctx)
        assert bench.provider.get(made.ref, bench.ctx).state is State.ACTIVE

    def test_an_update_changes_what_it_names_and_nothing_else(self, bench):
        if Can.UPDATE not in bench.provider.can:
            pytest.skip("its keys cannot be changed")
        made = bench.create().credential
        new = bench.provider.update(made.ref, Change(name="Another"), bench.ctx, etag=made.etag)
        assert new.name == "Another"
        assert new.annotations == made.annotations
        assert new.restrictions == made.restrictions
        assert bench.provider.get(made.ref, bench.ctx) == new

    def test_an_outdated_etag_changes_nothing(self, bench):
        if Can.UPDATE not in bench.provider.can:
            pytest.skip("its keys cannot be changed")
        made = bench.create().credential
        new = bench.provider.update(made.ref, Change(name="Another"), bench.ctx, etag=made.etag)
        with pytest.raises(Conflict):
            bench.provider.update(made.ref, Change(name="Third"), bench.ctx, etag=made.etag)
        with pytest.raises(Conflict):
            bench.provider.act(Act.REVOKE, made.ref, bench.ctx, etag=made.etag)
        assert bench.provider.get(made.ref, bench.ctx) == new

    def test_usage_tells_used_never_and_denied_apart(self, bench):
        if Can.USAGE not in bench.provider.can:
            pytest.skip("its use is not recorded")
        made = bench.create().credential
        since = bench.ctx.now - timedelta(days=30)
        report = bench.provider.usage(bench.scope, since, bench.ctx)
        assert report.status is UseStatus.USED
        assert report.last_use(made.uid, made.created).status is UseStatus.NEVER
        assert report.last_use("older", datetime(2020, 1, 1, tzinfo=UTC)).status is UseStatus.NOT_SEEN
        denied = bench.provider.usage(bench.forbidden, since, bench.ctx)
        assert denied.status is UseStatus.DENIED
        assert denied.last_use(made.uid, made.created).status is UseStatus.DENIED

    def test_preflight_does_nothing_and_says_why_not(self, bench):
        found = bench.provider.preflight(bench.want(), bench.ctx)
        assert found
        assert all(isinstance(one, Readiness) and one.what for one in found)
        assert list(bench.provider.list(bench.scope, bench.ctx)) == []
        for one in bench.provider.preflight(Want(bench.forbidden), bench.ctx):
            assert one.ready == "yes" or one.why
