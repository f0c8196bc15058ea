"""A key that somebody used as a name: of a secret, a file, an entry, a variable, a key. It is not passed on."""

from tests.parts.scene import Scene, encoded


def test_a_key_as_a_name_is_not_passed_on(tmp_path):
    with Scene(tmp_path / "home") as scene:
        key = scene.key("app")
        value = key.key_string
        scene.secret(value, value)
        scene.secret("good", value, labels={"note": "x"}, annotations={value: value})
        scene.env(f"{value}.env", f"A={value}\n")
        scene.env("good.env", f"{value}={value}\nA={value}\n")
        scene.settings()
        said = []
        for arguments in (
            ["scan", scene.work, "--values", "all"],
            ["list"],
            ["list", "-o", "json"],
            ["list", "-o", "csv"],
            ["show", scene.key_id(key)],
            ["status"],
            ["rotate", scene.key_id(key), "--dry-run"],
        ):
            done = scene.keyward(*arguments)
            assert "Traceback" not in done.err
            said.append(done.out + done.err)
            if arguments[-1] == "json":
                assert done.status == 3
                partial = [one for one in done.json["sources"] if one["status"] == "partial"]
                assert {one["id"].partition(":")[0] for one in partial} == {"gsm", "env"}
                assert all("Rename" in one["detail"] for one in partial)
                places = {place["secret"].rpartition("/")[2] for place in done.json["keys"][0]["placements"]}
                assert places == {"good", "good.env"}
        kept = b"".join(file.read_bytes() for file in (scene.home / "state").rglob("*") if file.is_file())
        told = "".join(said).encode() + kept
        assert [form for form in encoded(value) if form.encode() in told] == []
