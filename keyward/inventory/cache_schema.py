"""The tables of the scan cache. It is local and rebuildable, so a changed table means a new number and an empty cache.

`key` holds what a list needs and is read whole (`data`: words of `keyward.model.handling.Word`; `findings`: ids of the rules that it breaks,
worst first, NULL while no rule was asked, and `doubts` how many cannot be told there); `detail` the rest of a key, under the same ordinal; `part` what was found in a payload
(`traits`: words of `keyward.model.trait.Trait`), by version, for good where versions cannot change. Times are seconds since 1970 (UTC). There is no value in any of them.
"""

VERSION = 8
"""Kept in `PRAGMA user_version`."""

LIST = "\n"
"""Between the entries of a column that holds several: no clean text has one."""

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE source (
    id TEXT PRIMARY KEY, side TEXT NOT NULL, plugin TEXT NOT NULL, scope TEXT NOT NULL, status TEXT NOT NULL,
    detail TEXT NOT NULL, permission TEXT NOT NULL, api TEXT NOT NULL, items INTEGER NOT NULL, looked INTEGER NOT NULL,
    not_looked INTEGER NOT NULL, at REAL, stale_since REAL
) WITHOUT ROWID;

CREATE TABLE key (
    ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, provider TEXT NOT NULL, scope TEXT NOT NULL,
    name TEXT, kind TEXT NOT NULL, state TEXT NOT NULL, issuer TEXT NOT NULL, created REAL, first_seen REAL NOT NULL, expires REAL,
    use_status TEXT NOT NULL, used REAL, window_days INTEGER, restricted TEXT, identity TEXT, stores TEXT NOT NULL,
    secrets TEXT NOT NULL, places INTEGER NOT NULL, fingerprint TEXT, uid TEXT NOT NULL, stale INTEGER NOT NULL, haystack TEXT NOT NULL,
    data TEXT NOT NULL DEFAULT 'unknown', findings TEXT, doubts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX key_source ON key (source);
CREATE INDEX key_name ON key (name);
CREATE INDEX key_fingerprint ON key (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE detail (
    ordinal INTEGER PRIMARY KEY, head TEXT NOT NULL, tail TEXT NOT NULL, placements TEXT NOT NULL, more TEXT NOT NULL
);

CREATE TABLE use (key TEXT PRIMARY KEY, buckets TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE secret (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, store TEXT NOT NULL, scope TEXT NOT NULL, locator TEXT NOT NULL, current TEXT,
    host TEXT NOT NULL,
    versions TEXT, aliases TEXT NOT NULL, created REAL, head TEXT NOT NULL, tail TEXT NOT NULL, more TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX secret_source ON secret (source);

CREATE TABLE looked (
    key_id TEXT NOT NULL, item TEXT NOT NULL, version TEXT NOT NULL, lasting INTEGER NOT NULL, PRIMARY KEY (key_id, item, version)
) WITHOUT ROWID;

CREATE TABLE part (
    key_id TEXT NOT NULL, item TEXT NOT NULL, version TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL, value_id TEXT NOT NULL, inside TEXT, expires REAL, traits TEXT NOT NULL,
    PRIMARY KEY (key_id, item, version, name)
) WITHOUT ROWID;
CREATE INDEX part_fingerprint ON part (fingerprint);
CREATE INDEX part_traits ON part (item) WHERE traits != '';

CREATE TABLE placement (
    key TEXT NOT NULL, secret TEXT NOT NULL, version TEXT NOT NULL, part TEXT NOT NULL, role TEXT NOT NULL,
    version_state TEXT NOT NULL, alias TEXT NOT NULL, fingerprint TEXT NOT NULL, found_by TEXT NOT NULL, host TEXT NOT NULL,
    target TEXT NOT NULL, PRIMARY KEY (key, secret, version, part)
) WITHOUT ROWID;
CREATE INDEX placement_secret ON placement (secret);
CREATE INDEX placement_target ON placement (target);

CREATE TABLE about (
    subject TEXT NOT NULL, what TEXT NOT NULL, status TEXT NOT NULL, texts TEXT NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (subject, what)
) WITHOUT ROWID;

CREATE TABLE change (at REAL NOT NULL, key TEXT NOT NULL, what TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
CREATE INDEX change_at ON change (at);
"""
