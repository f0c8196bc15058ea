"""Who asks: one account to read, another to change, by project; and what is said where acting as it is refused."""

import pytest

from keyward.emulator.iam import ServiceAccounts
from tests.parts.scene import PROJECT, Scene

GENERATE = "iamcredentials.projects.serviceAccounts.generateAccessToken"
READER, WRITER, PROD = (f"{name}@acme-ops.iam.gserviceaccount.com" for name in ("kw-read", "kw-write", "kw-prod"))
CHANGING = {"apikeys.keys.create", "apikeys.keys.delete", "apikeys.keys.update", "secretmanager.versions.add"}
SETTINGS = f"""
[google.read]
impersonate = "{READER}"
[google.write]
impersonate = "{WRITER}"
[[google.identity]]
match = "project:*-prod"
write = "{PROD}"
"""


@pytest.fixture
def scene(tmp_path):
    """A cloud in which each account may do its part only, and who runs keyward may do nothing but act as them."""
    with Scene(tmp_path / "scene") as scene:
        ops = scene.world.new_project("acme-ops")
        for name in ("kw-read", "kw-write", "kw-prod"):
            scene.world.state(ServiceAccounts).plant(ops, name)
        scene.old = scene.key("payments")
        scene.secret("app", scene.old.key_string)
        scene.key("elsewhere", project="acme-dev")
        for project in (PROJECT, "acme-dev"):
            scene.world.known(project).denied_to = {
                "": {"*"},
                READER: CHANGING,
                WRITER if project == PROJECT else PROD: {"*"},
            }
        scene.settings(SETTINGS)
        yield scene


def asked(scene, since=0):
    """(rpc, who asked) of every request but those for tokens, and as whom tokens were fetched."""
    log = scene.log()[since:]
    return (
        [(one["rpc"], one["principal"]) for one in log if one["rpc"] != GENERATE],
        {one["account"] for one in log if one["rpc"] == GENERATE},
    )


@pytest.mark.parametrize("secret_manager", [{}, {"SECRET_MANAGER_EMULATOR_HOST": ""}], ids=["grpc", "rest"])
def test_a_scan_asks_as_the_reader_and_fetches_one_token(scene, secret_manager):
    scanned = scene.keyward("scan", "--project", PROJECT, "--project", "acme-dev", "--values", "all", **secret_manager)
    assert scanned.status == 0, scanned.err
    requests, tokens = asked(scene)
    assert len(requests) > 10
    assert {who for _, who in requests} == {READER}
    assert "secretmanager.projects.secrets.versions.access" in dict(requests)
    assert tokens == {READER}
    assert sum(1 for one in scene.log() if one["rpc"] == GENERATE) == 1


def test_a_rotation_and_its_plan_act_as_the_writer_and_what_they_look_for_is_read_by_the_reader(scene):
    assert scene.keyward("scan", "--project", PROJECT, "--values", "all").status == 0
    key = scene.key_id(scene.old)
    before = len(scene.log())
    plan = scene.keyward("rotate", key, "--dry-run")
    assert f"in project:*-prod {PROD} (impersonated by no credentials (emulator))" in plan.out
    assert f"elsewhere {WRITER} (impersonated by" in plan.out
    assert "is missing" not in plan.out
    done = scene.keyward(
        *("rotate", key, "--accept-targets", "--grace", "0s", "--retire", "now"),
        *("--yes", "--reason", "trial", "--wait=retired"),
    )
    assert done.status == 0, done.err
    assert scene.current("app").decode() in scene.live()
    assert scene.old.key_string not in scene.live()
    requests, tokens = asked(scene, before)
    changing = {rpc.rpartition(".")[2] for rpc, who in requests if who == PROD}
    assert {"create", "addVersion", "access", "delete", "getKeyString", "testIamPermissions"} <= changing
    assert {who for rpc, who in requests if rpc.rpartition(".")[2] in {"create", "addVersion", "delete"}} == {PROD}
    # What looks for copies and refreshes the list is a scan, and asks as one; so does what is asked with the key itself.
    others = {(rpc, who) for rpc, who in requests if who != PROD}
    assert {who for rpc, who in others if not rpc.startswith("generativelanguage.")} <= {READER}
    assert tokens == {READER, PROD}
    assert {row["principal"] for row in scene.log() if row["code"] == 403} <= {None}


def test_acting_as_an_account_that_does_not_let_us_names_it_and_the_command(scene):
    scene.world.known("acme-ops").denied_to = {"": {"iam.serviceAccounts.getAccessToken"}}
    scanned = scene.keyward("scan", "--project", PROJECT)
    assert scanned.status == 3
    assert f"denied       google-api-keys:{PROJECT} (needs iam.serviceAccounts.getAccessToken)" in scanned.err
    (source,) = (
        one
        for one in scene.keyward("list", "--format", "json").json["sources"]
        if one["id"] == f"google-api-keys:{PROJECT}"
    )
    assert (source["status"], source["permission"]) == ("denied", "iam.serviceAccounts.getAccessToken")
    assert f"cannot act as {READER}" in source["detail"]
    doctor = scene.keyward("doctor")
    assert f"cannot act as {READER}" in doctor.out
    assert (
        f"gcloud iam service-accounts add-iam-policy-binding {READER} --member=user:YOU@EXAMPLE.COM "
        "--role=roles/iam.serviceAccountTokenCreator" in doctor.out
    )
    assert {one["rpc"] for one in scene.log()} == {GENERATE}


def test_doctor_and_settings_say_who_acts_and_test_each_for_its_part(scene):
    shown = scene.keyward("config", "show")
    for name, account in (("google.read.impersonate", READER), ("google.write.impersonate", WRITER)):
        assert any(line.split()[:2] == [name, account] for line in shown.out.splitlines())
    assert f"match = project:*-prod, read = -, write = {PROD}" in shown.out
    scene.world.known(PROJECT).denied_to[PROD] = {"apikeys.keys.create"}
    doctor = scene.keyward("doctor", "-o", "json").json
    said = {one["what"]: one for one in doctor["checks"] if one["area"] == "google"}
    assert said["reads as"]["found"].startswith(READER)
    assert said["changes project:*-prod as"]["found"].startswith(PROD)
    assert said["changes as"]["found"].startswith(WRITER)
    assert said[f"permissions to read in {PROJECT}"]["ready"] == "yes"
    lacking = said[f"permissions to change in {PROJECT}"]
    assert lacking["ready"] == "no"
    assert lacking["fix"].endswith(f"--member=serviceAccount:{PROD} --role=roles/serviceusage.apiKeysAdmin")
    role = scene.keyward("doctor", "--role", "rotator", "--project", "acme-dev", "-o", "gcloud")
    assert f"--member=serviceAccount:{WRITER} " in role.out
    role = scene.keyward("doctor", "--role", "reader", "--project", "acme-dev", "-o", "gcloud")
    assert f"--member=serviceAccount:{READER} " in role.out


async def test_the_read_only_app_plans_as_the_reader_and_never_holds_the_writers_token(scene):
    from keyward.desk import Desk
    from keyward.tui.app import KeywardApp
    from keyward.tui.feed import Seat
    from keyward.tui.widgets.deaf import ARMED_AFTER
    from keyward.wiring import Parts

    assert scene.keyward("scan", "--project", PROJECT).status == 0

    def seat(cancel):
        parts = Parts(environ=scene.environ(), cancel=cancel, interactive=True)
        return Seat(parts, Desk(parts))

    app = KeywardApp(seat)

    async def planned(pilot):
        await pilot.pause()
        for _ in range(600):
            if getattr(app.screen, "_plan", None) is not None and not app.screen._tables.planning:
                return app.screen._plan
            await pilot.pause(0.05)
        raise AssertionError("no plan")

    def writers():
        return {account for account in asked(scene)[1] if account != READER}

    async with app.run_test(size=(120, 40)) as pilot:
        app.open_plan([scene.key_id(scene.old)])
        (key,) = (await planned(pilot)).keys
        assert writers() == set()
        untested = [step for step in key.steps if step.permission in CHANGING]
        assert untested
        assert {step.ready.value for step in untested} == {"unknown"}
        assert f"{PROD} (impersonated by" in app.screen._plan.identity
        await pilot.press("W")
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(*"write", "enter", "enter")
        await pilot.pause()
        assert app.write
        await pilot.press("ctrl+r")
        await pilot.pause()
        (key,) = (await planned(pilot)).keys
        assert {step.ready.value for step in key.steps if step.permission in CHANGING} == {"yes"}
        assert writers() == {PROD}
        await pilot.press("W")
        assert not app.write
    app.feed.end()
