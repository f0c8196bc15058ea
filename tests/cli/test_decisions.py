"""What a person decides about a rotation that waits for him, said with `resume`."""

from tests.parts.scene import Scene

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
KEY = "google-api-keys:acme-prod/leftover"


def test_a_pin_is_waived_where_the_rotation_stands(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        key = scene.key()
        scene.secret("app", key.key_string, key.key_string + "\n", aliases={"stable": 1})
        assert scene.keyward("scan", scene.work, "--values", "all").status == 0
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait", "--timeout", "3h", "-o", "json")
        assert done.status == 6, done.err
        rotation = done.json["rotations"][0]["rotation"]
        for refused in (("--waive", "gsm:acme-prod/app@1"), ("--owned", KEY, "--yes"), ("--not-ours", KEY)):
            done = scene.keyward("resume", *refused)
            assert done.status == 2, refused
            assert "none is named" in done.err
        done = scene.keyward("resume", rotation, "--owned", KEY)
        assert done.status == 2
        assert "--yes" in done.err
        assert scene.keyward("resume", rotation, "--owned", "no id").status == 2
        done = scene.keyward("resume", rotation, "--waive", "gsm:acme-prod/app@1", "--reason", "nobody", "--wait")
        assert done.status == 0, done.err
        assert key.key_string not in scene.live()
        assert "gsm:acme-prod/app@1 is left out" in scene.keyward("history", rotation).out


def test_whose_a_leftover_is_goes_on_record(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        key = scene.key()
        scene.env(".env", f"A={key.key_string}\n")
        assert scene.keyward("scan", scene.work).status == 0
        done = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--yes", "-o", "json")
        assert done.status == 0, done.err
        rotation = done.json["rotations"][0]["rotation"]
        done = scene.keyward("resume", rotation, "--not-ours", KEY, "--reason", "the other team's")
        assert done.status == 0, done.err
        assert f"{KEY} is somebody else's" in scene.keyward("history", rotation).out
