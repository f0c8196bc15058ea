import pytest

from keyward.emulator.faults import Fault
from keyward.google.parts import of
from keyward.model.errors import SourceError
from tests.parts.cloud import emulator_ctx, surroundings


@pytest.fixture
def cloud(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    for name in ("acme-dev", "acme-prod", "other"):
        emulator.world.new_project(name)
    around = surroundings(emulator.environment(), tmp_path)
    yield emulator, of(around).projects, emulator_ctx(emulator)
    around.close()


def ids(found):
    return sorted(project.id for project in found)


def test_every_project_that_can_be_seen(cloud):
    _, projects, ctx = cloud
    assert set(ids(projects.search(ctx))) >= {"acme-dev", "acme-prod", "other"}


def test_patterns_choose_and_exclude(cloud):
    _, projects, ctx = cloud
    assert ids(projects.search(ctx, ["acme-*"])) == ["acme-dev", "acme-prod"]
    assert ids(projects.search(ctx, ["acme-*", "acme-dev"], ["*-prod"])) == ["acme-dev"]


def test_a_plain_id_needs_no_listing(cloud):
    emulator, projects, ctx = cloud
    emulator.world.faults.add(Fault(service="cloudresourcemanager", status="PERMISSION_DENIED", times=-1))
    assert ids(projects.search(ctx, ["not-visible-to-me"])) == ["not-visible-to-me"]
    with pytest.raises(SourceError) as caught:
        list(projects.search(ctx, ["acme-*"]))
    assert caught.value.status == "denied"


def test_number_and_id_lead_to_the_same_project_and_are_asked_for_once(cloud):
    emulator, projects, ctx = cloud
    found = projects.get("acme-dev", ctx)
    assert found.number.isdecimal()
    emulator.world.faults.add(Fault(status="UNAVAILABLE", times=-1))
    assert projects.get(found.number, ctx) == found


def test_many_pages_are_followed(cloud):
    emulator, projects, ctx = cloud
    for number in range(520):
        emulator.world.new_project(f"many-{number:04}")
    assert len(list(projects.search(ctx, ["many-*"]))) == 520


def test_a_burst_of_failures_is_survived(cloud):
    emulator, projects, ctx = cloud
    emulator.world.faults.add(Fault(rpc="search", status="UNAVAILABLE", times=3))
    assert ids(projects.search(ctx, ["acme-*"])) == ["acme-dev", "acme-prod"]
