"""A search for leaked keys reads many values and lets none of them out: not to its output, a file, an argument or a variable of what it starts."""

import base64

from tests.model.shapes import sample
from tests.parts.repo import Repo
from tests.security.test_canary import Watched, leaks

FILES = 800
"""Enough for several batches, so that other processes take part."""


def test_no_value_that_was_found_gets_out_nor_the_key_that_names_it(tmp_path):
    watched = Watched(tmp_path)
    with watched.scene as scene:
        scene.settings()
        live = scene.key("app key").key_string
        scene.env(".env", f"A={live}\n")
        watched.keyward("scan", scene.work, "--values", "all")
        values = [live, sample("stripe", 9).decode()[8:], "hunter2-hunter", sample("url-password", 9).decode()]
        repo = Repo(scene.home / "tree")
        for number in range(FILES):
            repo.write(f"d{number % 10}/{number}.txt", "nothing\n")
        text = f"{live}\nsk_live_{values[1]}\npostgres://a:{values[2]}@db/x\npostgres://a:{values[3]}@db/x\n"
        planted = [repo.write("d0/keys.txt", text), scene.work / ".env"]
        repo.git("add", "-A")
        for form in ("table", "json"):
            watched.keyward("leaks", repo.folder, "-o", form, "--jobs", "2")
        watched.keyward("leaks", repo.folder, "--baseline", scene.home / "known.json", "--update-baseline")
        repo.commit()
        watched.keyward("leaks", "--git", repo.folder)
        watched.keyward("leaks", repo.folder / f"sk_live_{values[1]}")  # a key where a path belongs is not repeated
        channels = watched.channels(*planted)
        key = (scene.home / "state" / "fingerprint.key").read_bytes().split()[2]
        assert "4 keys found" in channels["output"].decode()
        assert b"keyward.hygiene.leaks.worker" in channels["processes"]
        assert b"cat-file" in channels["processes"]
        assert leaks(channels, values) == []
        named = {name: channels[name] for name in ("output", "processes")}
        assert leaks(named, [key.decode(), base64.b64decode(key).hex()]) == []
        assert leaks({"there": planted[0].read_bytes()}, values), "the search sees what is there"
