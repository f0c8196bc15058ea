"""What every ledger must do."""

import threading
from dataclasses import replace

import pytest

from keyward.ledger import leases
from keyward.ledger.records import (
    AttestationRow,
    ProbeRow,
    RiskRow,
    RotationState,
    Seen,
    Statement,
    TargetRow,
    WaitingOn,
)
from keyward.ledger.statements import standing
from keyward.model.errors import AmbiguousKey, FingerprintKeyMissing, Held, LedgerBroken
from tests.ledger.conftest import NOW, WORLD, event, later, placement, rotation


def test_it_knows_itself(ledger, make_ledger):
    assert (ledger.meta("world"), ledger.meta("schema"), ledger.meta("nothing")) == (WORLD, "3", None)
    assert ledger.meta("created")
    assert ledger.fresh
    assert not make_ledger().fresh


def test_facts_for_all_hosts_are_set_and_removed_but_never_its_identity(ledger, make_ledger):
    ledger.set_meta("paused", "by me")
    ledger.set_meta("paused", "by you")
    assert make_ledger().meta("paused") == "by you"
    ledger.set_meta("paused", None)
    assert ledger.meta("paused") is None
    with pytest.raises(ValueError, match="identity"):
        ledger.set_meta("world", "google")


def test_facts_are_found_by_how_their_names_begin(ledger):
    ledger.set_meta("pause:b", "two")
    ledger.set_meta("pause:a", "one")
    ledger.set_meta("pausing", "no")
    ledger.set_meta("Pause:c", "no")
    assert list(ledger.metas("pause:").items()) == [("pause:a", "one"), ("pause:b", "two")]
    assert ledger.metas("pause:%") == {}


def test_facts_are_claimed_once(ledger, make_ledger):
    assert ledger.claim_meta({"a": "1", "b": "2"})
    assert not make_ledger().claim_meta({"b": "3", "c": "4"})
    assert (ledger.meta("b"), ledger.meta("c")) == ("2", None)


def test_a_lease_excludes_others_until_it_ends(ledger, backend):
    lease = ledger.acquire("target:x", "one", 60)
    with pytest.raises(Held, match="one is working on target:x"):
        ledger.acquire("target:x", "two", 60)
    backend.pass_seconds(59)
    ledger.renew(lease, 60)
    backend.pass_seconds(59)
    with pytest.raises(Held):
        ledger.acquire("target:x", "two", 60)
    backend.pass_seconds(1)
    assert ledger.acquire("target:x", "two", 60).fence == lease.fence + 1
    with pytest.raises(Held, match="two has it now"):
        ledger.renew(lease, 60)


def test_leases_of_different_names_do_not_meet(ledger):
    assert ledger.acquire("a", "one", 60).fence == 1
    assert ledger.acquire("b", "two", 60).fence == 1


def test_leases_that_ran_out_are_named_with_their_holders(ledger, backend):
    ledger.acquire("short", "one", 60)
    ledger.acquire("long", "two", 600)
    ledger.release(ledger.acquire("free", "three", 60))
    assert ledger.stale_leases("asker") == []
    backend.pass_seconds(61)
    assert ledger.stale_leases("asker") == [("short", "one")]


def test_the_fence_grows_for_ever(ledger):
    fences = []
    for _ in range(4):
        lease = ledger.acquire("x", "one", 60)
        fences.append(lease.fence)
        ledger.release(lease)
    fences += [ledger.acquire("x", "one", 60).fence, ledger.acquire("x", "one", 60).fence]  # retaken
    assert fences == [1, 2, 3, 4, 5, 6]


def test_giving_back_what_was_lost_takes_nothing_from_the_new_holder(ledger, backend):
    old = ledger.acquire("x", "one", 60)
    backend.pass_seconds(61)
    new = ledger.acquire("x", "two", 60)
    ledger.release(old)
    ledger.renew(new, 60)
    with pytest.raises(Held):
        ledger.acquire("x", "one", 60)


def test_a_rotation_comes_back_as_it_was_written(ledger, make_ledger):
    row = rotation(
        data := 7,
        waiting_on=WaitingOn.USE,
        why="seen",
        due=later(hours=1),
        group="g",
        actor="me",
        host="h",
        reason="r",
        schema=3,
    )
    row = replace(row, data={"list": [1, "ü", None, {"deep": True}], "number": data})
    ledger.open_rotation(row, [event("state", row.id)], lease_seconds=60, owner="one")
    assert make_ledger().rotation(row.id) == row


def test_a_commit_replaces_the_row_and_adds_lines_and_places(ledger):
    row = rotation()
    lease = ledger.open_rotation(row, [event("state", row.id)], lease_seconds=60, owner="one")
    done = replace(row, state=RotationState.CREATING, created=None, updated=later(minutes=1))
    ledger.commit(lease, done, [event("outcome", row.id, detail={"v": 1})], placements=[placement()])
    assert ledger.rotation(row.id) == replace(done, created=NOW)
    assert [line.kind for line in ledger.events()] == ["state", "outcome"]
    [place] = ledger.placements()
    assert place.first_seen == place.last_read == later(minutes=1)


def test_a_commit_can_make_the_lease_last_and_keep_own_uses(ledger, backend):
    row = rotation()
    lease = ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    used = [ProbeRow("k", later(minutes=number), "works", "200", row.id) for number in (0, 1)]
    backend.pass_seconds(59)
    ledger.commit(lease, row, probes=used, lease_seconds=60)
    assert ledger.probes("k", NOW) == used
    backend.pass_seconds(59)
    with pytest.raises(Held, match="one is working"):
        ledger.acquire(lease.name, "two", 60)
    ledger.commit(lease, row)
    backend.pass_seconds(1)
    new = ledger.acquire(lease.name, "two", 60)
    with pytest.raises(Held, match="two has it now"):
        ledger.commit(lease, row, [event()], probes=used, lease_seconds=60)
    assert (list(ledger.events()), ledger.probes("k", NOW)) == ([], used)
    ledger.commit(new, row)


def test_a_fenced_commit_writes_nothing_at_all(ledger, backend):
    row = rotation()
    old = ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    backend.pass_seconds(61)
    new = ledger.acquire(old.name, "two", 60)
    with pytest.raises(Held, match="two has it now"):
        ledger.commit(old, replace(row, state=RotationState.DONE), [event()], placements=[placement()])
    assert (ledger.rotation(row.id), list(ledger.events()), ledger.placements()) == (row, [], [])
    ledger.commit(new, replace(row, state=RotationState.CREATING))
    ledger.release(new)
    with pytest.raises(Held, match="given back"):
        ledger.commit(new, row)


def test_a_commit_of_an_unknown_rotation_is_refused(ledger):
    lease = ledger.acquire("rotation:x", "one", 60)
    with pytest.raises(LedgerBroken, match="has no rotation"):
        ledger.commit(lease, rotation(), [event()])
    assert list(ledger.events()) == []


def test_a_credential_has_one_open_rotation(ledger):
    first, second = rotation(1), rotation(2)
    lease = ledger.open_rotation(first, [], lease_seconds=60, owner="one")
    with pytest.raises(Held, match=first.id):
        ledger.open_rotation(second, [event()], lease_seconds=60, owner="two")
    assert (ledger.rotations(), list(ledger.events())) == ([first], [])
    ledger.commit(lease, replace(first, state=RotationState.DONE))
    ledger.open_rotation(second, [], lease_seconds=60, owner="two")
    with pytest.raises(Held, match=second.id):
        ledger.commit(lease, replace(first, state=RotationState.ROLLING_BACK))
    assert ledger.rotation(first.id).state is RotationState.DONE


def test_a_rotation_is_opened_once(ledger):
    lease = ledger.open_rotation(rotation(), [], lease_seconds=60, owner="one")
    ledger.commit(lease, rotation(state=RotationState.DONE))
    with pytest.raises(LedgerBroken, match="already"):
        ledger.open_rotation(rotation(), [], lease_seconds=60, owner="one")


def test_rotations_are_chosen_and_newest_first(ledger):
    rows = [rotation(1, "a", group="g"), rotation(2, "b"), rotation(3, "a", RotationState.ABORTED, group="g")]
    for row in rows:
        ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    one, two, three = rows
    assert ledger.rotations() == [three, two, one]
    assert ledger.rotations(open_only=True) == [two, one]
    assert ledger.rotations(credential="a") == [three, one]
    assert ledger.rotations(group="g", open_only=True) == [one]
    assert ledger.rotations(credential="b", group="g") == []


def test_a_prefix_names_a_rotation_if_it_is_unique(ledger):
    for number, credential in ((11, "a"), (12, "b"), (20, "c")):
        ledger.open_rotation(rotation(number, credential), [], lease_seconds=60, owner="one")
    assert ledger.rotation("0" * 24 + "2").credential == "c"
    assert ledger.rotation("%") is ledger.rotation("") is ledger.rotation("x") is None
    with pytest.raises(AmbiguousKey):
        ledger.rotation("0" * 24 + "1")


def test_lines_of_the_trail_are_numbered_and_found(ledger, make_ledger):
    ledger.append([event("a", "r1"), event("b", "r2")])
    make_ledger().append([event("c", "r1", step="s", target="t", detail={"x": [1]})])
    lines = list(ledger.events())
    assert [(line.seq, line.kind) for line in lines] == [(1, "a"), (2, "b"), (3, "c")]
    assert lines[2] == event("c", "r1", step="s", target="t", detail={"x": [1]}, seq=3, chain=lines[2].chain)
    assert [line.seq for line in ledger.events(rotation="r1", after=1)] == [3]
    assert ledger.verify_chain() == (3, None)
    assert ledger.head() == f"3:{lines[2].chain}"


def test_more_lines_than_fit_on_a_page_come_in_order(ledger):
    ledger.append([event(detail={"n": number}) for number in range(1203)])
    assert [line.detail["n"] for line in ledger.events()] == list(range(1203))
    assert ledger.verify_chain() == (1203, None)


def test_without_the_key_the_trail_is_read_but_not_written(ledger, make_ledger):
    ledger.append([event()])
    closed = make_ledger(chain_key=None)
    assert [line.seq for line in closed.events()] == [1]
    with pytest.raises(FingerprintKeyMissing):
        closed.append([event()])
    with pytest.raises(FingerprintKeyMissing):
        closed.verify_chain()
    with pytest.raises(FingerprintKeyMissing):
        closed.open_rotation(rotation(), [event()], lease_seconds=60, owner="one")
    with pytest.raises(FingerprintKeyMissing):
        closed.accept([TargetRow("env:/x", "me", NOW, "asked")])
    assert closed.rotations() == []
    assert closed.targets() == {}


def test_a_target_is_accepted_once_and_that_is_on_record(ledger):
    ledger.accept([TargetRow("env:/home/me/.env#KEY", "me", NOW, "plan screen")])
    ledger.accept([TargetRow("env:/home/me/.env#KEY", "you", later(days=1), "again")])
    assert ledger.targets(["env:/other"]) == {}
    assert ledger.targets(["env:/home/me/.env#KEY", "env:/other"]) == ledger.targets()
    [(name, row)] = ledger.targets().items()
    assert (name, row.actor, row.how, row.at) == ("env:/home/me/.env#KEY", "me", "plan screen", NOW)
    assert [(line.kind, line.target, line.actor) for line in ledger.events()] == [("accepted", name, "me")]


def test_a_target_is_accepted_on_each_host_that_has_one_of_that_name(ledger):
    place = "env:/srv/.env#KEY"
    for host in ("one", "one", "two"):
        ledger.accept([TargetRow(place, "me", NOW, "asked", (host,))])
    row = ledger.targets()[place]
    assert (row.hosts, row.on("one"), row.on("two"), row.on("three")) == (("one", "two"), True, True, False)
    assert [line.host for line in ledger.events()] == ["one", "two"], "said once for each"
    ledger.accept([TargetRow("gsm:acme/s", "me", NOW, "asked")])
    ledger.accept([TargetRow("gsm:acme/s", "me", NOW, "asked", ("one",))])
    assert ledger.targets()["gsm:acme/s"].on("any")
    assert len(list(ledger.events())) == 3, "what all share is accepted for all"


def test_seeing_again_keeps_when_it_was_first_seen(ledger):
    ledger.see("gsm:acme", "", [placement()], NOW, complete=True)
    ledger.see("gsm:acme", "", [placement(role="old", version_state="disabled")], later(days=1), complete=False)
    [row] = ledger.placements()
    assert (row.first_seen, row.last_read, row.role, row.version_state) == (NOW, later(days=1), "old", "disabled")


def test_only_a_complete_look_says_that_something_is_gone(ledger):
    here, away = placement("gsm:acme/here"), placement("gsm:acme/away")
    other_source = placement("gsm:other/x", scope="other")
    ledger.see("gsm:acme", "", [here, away], NOW, complete=True)
    ledger.see("gsm:other", "", [other_source], NOW, complete=True)
    ledger.see("gsm:acme", "", [here], later(days=1), complete=False)
    assert len(ledger.placements()) == 3
    ledger.see("gsm:acme", "", [here], later(days=2), complete=True)
    assert [row.secret for row in ledger.placements()] == ["gsm:acme/here", "gsm:other/x"]
    [gone] = [row for row in ledger.placements(include_gone=True) if row.gone]
    assert (gone.secret, gone.gone, gone.first_seen) == ("gsm:acme/away", later(days=2), NOW)
    ledger.see("gsm:acme", "", [], later(days=3), complete=True)
    [still] = [row for row in ledger.placements(include_gone=True) if row.secret == "gsm:acme/away"]
    assert still.gone == later(days=2)  # it is gone since then, not since the latest look
    ledger.see("gsm:acme", "", [away], later(days=4), complete=False)
    [back] = [row for row in ledger.placements() if row.secret == "gsm:acme/away"]
    assert (back.gone, back.first_seen) == (None, NOW)


def test_many_sources_are_seen_at_once_each_for_itself(ledger):
    places = {name: placement(f"gsm:{name}/s", scope=name) for name in ("one", "two", "three")}
    ledger.see_all([Seen(f"gsm:{name}", "", (row,), True) for name, row in places.items()], NOW)
    assert {row.secret: row.first_seen for row in ledger.placements()} == dict.fromkeys(
        ("gsm:one/s", "gsm:two/s", "gsm:three/s"), NOW
    )
    ledger.see_all([Seen("gsm:one", "", (), True), Seen("gsm:two", "", (), False)], later(days=1))
    assert {row.secret for row in ledger.placements()} == {"gsm:two/s", "gsm:three/s"}


def test_many_more_sources_than_one_transaction_takes_are_all_seen(ledger):
    rows = {f"gsm:p{number}": placement(f"gsm:p{number}/s", scope=f"p{number}") for number in range(450)}
    ledger.see_all((Seen(name, "", (row,), True) for name, row in rows.items()), NOW)
    assert len(ledger.placements()) == 450


def test_another_hosts_files_are_not_gone_because_this_host_lacks_them(ledger):
    for host in ("one", "two"):
        ledger.see(
            "env:~/work",
            host,
            [placement("env:/home/me/code/.env", host=host, store="env", scope="w")],
            NOW,
            complete=True,
        )
    ledger.see("env:~/work", "one", [], later(days=1), complete=True)
    assert [row.host for row in ledger.placements()] == ["two"]


def test_what_a_rotation_wrote_belongs_to_the_source_that_scans_it(ledger):
    row = rotation()
    lease = ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    ledger.see("env:~/work", "h", [placement("env:/w", host="h", store="env", scope="")], NOW, complete=True)
    ledger.commit(lease, row, placements=[placement("env:/w", host="h", store="env", scope="", written_by=row.id)])
    ledger.see("env:~/work", "h", [placement("env:/w", host="h", store="env", scope="")], NOW, complete=False)
    [known] = ledger.placements()
    assert known.written_by == row.id  # a scan does not know who wrote it, and does not forget it
    ledger.see("env:~/work", "h", [], later(days=1), complete=True)
    assert ledger.placements() == []


def test_a_rotation_can_say_that_a_place_is_gone(ledger):
    row = rotation()
    lease = ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    ledger.commit(lease, row, placements=[placement(gone=NOW)])
    assert ledger.placements() == []


def test_places_of_one_key(ledger):
    ledger.see("gsm:acme", "", [placement(), placement("gsm:acme/x", "other:k/1")], NOW, complete=True)
    assert [row.secret for row in ledger.placements(credential="other:k/1")] == ["gsm:acme/x"]


def test_own_probes_are_remembered_since_a_time(ledger):
    rows = [ProbeRow("k", later(minutes=number), "works", "200", "r") for number in (2, 0, 1)]
    for row in [*rows, ProbeRow("other", NOW, "dead", "400")]:
        ledger.probe(row)
    assert ledger.probes("k", later(minutes=1)) == [rows[2], rows[0]]


def test_every_kind_of_statement_is_kept_and_on_record(ledger, make_ledger, backend):
    said = AttestationRow(
        "gemini", "any.tls", "project:p", "me", "it is so", NOW, later(days=90), evidence="https://x", data={"hosts": "a", "version": 2}
    )  # fmt: skip
    rows = [replace(said, kind=kind, at=later(minutes=number)) for number, kind in enumerate(Statement)]
    for row in rows:
        ledger.attest(row)
    assert make_ledger().attestations() == rows
    with backend.reading() as found:
        assert found.attestations() == rows
    kinds = ["attested", "attestation-agreed", "attestation-skipped", "attestation-withdrawn"]
    assert [line.kind for line in ledger.events()] == kinds
    assert next(iter(ledger.events())).detail["fields"] == {"hosts": "a", "version": 2}
    assert ledger.verify_chain() == (4, None)


def test_of_statements_about_one_item_in_one_scope_the_newest_stands():
    said = AttestationRow("gemini", "any.tls", "project:p", "me", "it is so", NOW, later(days=90))
    again, elsewhere = replace(said, at=later(days=1)), replace(said, scope="project:q")
    gone = replace(said, kind=Statement.WITHDRAWN)
    put_off = replace(said, kind=Statement.SKIPPED)
    assert standing([said, elsewhere, again, put_off]) == (again, elsewhere)
    assert standing([said, elsewhere, gone]) == (elsewhere,)


def test_what_people_said_is_kept_and_on_record(ledger):
    risk = RiskRow("KW-1", "a:b/c", "me", "soon", NOW, later(days=30))
    ledger.accept_risk(risk)
    ledger.accept_risk(replace(risk, reason="later", until=later(days=60)))
    said = AttestationRow("gemini", "g-1", "project:p", "me", "it is so", NOW, later(days=90))
    ledger.attest(said)
    assert ledger.risks() == [replace(risk, reason="later", until=later(days=60))]
    assert (ledger.attestations(), ledger.attestations("other")) == ([said], [])
    assert [line.kind for line in ledger.events()] == ["risk-accepted", "risk-accepted", "attested"]


def test_threads_write_at_the_same_time_and_nothing_is_lost(ledger, make_ledger):
    second = make_ledger()

    def work(number):
        mine = (ledger, second)[number % 2]
        row = rotation(number, f"key-{number}")
        lease = mine.open_rotation(row, [event("open", row.id)], lease_seconds=60, owner=f"worker-{number}")
        for _ in range(5):
            mine.commit(lease, row, [event("step", row.id)], placements=[placement(f"gsm:acme/{number}")])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.rotations()) == len(ledger.placements()) == 12
    assert ledger.verify_chain() == (72, None)


def test_nobody_takes_a_lease_while_its_holder_commits(ledger, make_ledger, backend):
    """Else the new holder would read what the old one is about to replace."""
    other, answers = make_ledger(), []
    lease = ledger.acquire("x", "one", 60)
    backend.pass_seconds(61)
    thread = threading.Thread(target=lambda: answers.append(other.acquire("x", "two", 60).fence))

    def slowly(connection):
        leases.check(connection, lease)
        thread.start()
        thread.join(0.4)
        return list(answers)

    assert ledger._database.write(slowly) == []
    thread.join()
    assert answers == [lease.fence + 1]
