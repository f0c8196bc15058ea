"""Service accounts with keys whose private halves the test has."""

import base64
import json
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from keyward.emulator.accountkeys.credentials import credentials_file
from keyward.emulator.accountkeys.material import certify
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.iam import ServiceAccounts


def make_account(world, account_id="runner", project="acme-prod"):
    """Plant an account; gives the emulator's own record of it."""
    place = world.known(project) or world.new_project(project)
    return world.state(ServiceAccounts).plant(place, account_id)


def plant_key(world, account, *, days=200, usable=True, **fields):
    """Plant a key that was made so many days ago; gives the emulator's record and the JSON file (empty when nobody can use it)."""
    born = world.clock.now() - timedelta(days=days)
    state = world.state(AccountKeys)
    if not usable:
        return state.plant(account, made=born, **fields), ""
    pair = rsa.generate_private_key(65537, 2048)
    certificate = certify(pair, account.email, born, None)
    key = state.plant(account, made=born, certificate=certificate, **fields)
    return key, credentials_file(account, key.key_id, pair, world.url)


def keys_of(world, account):
    """The keys of an account that are not deleted, as the emulator keeps them."""
    return [key for key in world.state(AccountKeys).of(account.email) if not key.deleted]


def key_ref(key, project="acme-prod"):
    """keyward's id of a planted key."""
    return f"google-sa-keys:{project}/{key.email}/{key.key_id}"


def decoded(data):
    return json.loads(base64.b64decode(data))
