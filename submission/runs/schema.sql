-- rules: a digest of the rules by which the run's parts were last told degenerate or not.
CREATE TABLE IF NOT EXISTS run (
    name        TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    competition TEXT NOT NULL,
    recipe      TEXT NOT NULL,
    test_file   TEXT NOT NULL,
    engine      TEXT NOT NULL,
    command     TEXT NOT NULL,
    created     TEXT NOT NULL,
    finished    TEXT,
    seconds     REAL NOT NULL DEFAULT 0,
    generated   INTEGER NOT NULL DEFAULT 0,
    rules       TEXT
) STRICT;

-- One text per computation. A recomputed row is a new completion: runs that point to the old
-- one keep it.
CREATE TABLE IF NOT EXISTS completion (
    id                INTEGER PRIMARY KEY,
    row_key           TEXT NOT NULL,
    text              TEXT NOT NULL,
    finish            TEXT NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    created           TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS completion_by_key ON completion (row_key);

-- What a run has to answer: one line per test row, part of a compound question, and sample.
-- degenerate: the kinds that its completion is under the run's rules, separated by blanks; NULL
-- until that is known.
CREATE TABLE IF NOT EXISTS part (
    run        TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    sample     INTEGER NOT NULL,
    row_id     TEXT NOT NULL,
    question   TEXT NOT NULL,
    row_key    TEXT NOT NULL,
    completion INTEGER REFERENCES completion (id),
    degenerate TEXT,
    PRIMARY KEY (run, position, part, sample)
) STRICT;
CREATE INDEX IF NOT EXISTS part_by_key ON part (run, row_key);

-- Which answers of a run stand in place of a degenerate first one, and how they were sampled. The
-- first one is still the completion of the row key itself.
CREATE TABLE IF NOT EXISTS mend (
    run      TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    row_key  TEXT NOT NULL,
    adopted  TEXT NOT NULL,
    sampling TEXT NOT NULL,
    created  TEXT NOT NULL,
    PRIMARY KEY (run, row_key)
) STRICT;

CREATE TABLE IF NOT EXISTS score (
    subject   TEXT NOT NULL,
    metric    TEXT NOT NULL,
    signature TEXT NOT NULL,
    reference TEXT NOT NULL,
    summary   TEXT NOT NULL,
    rows      TEXT NOT NULL,
    created   TEXT NOT NULL,
    PRIMARY KEY (subject, signature, reference)
) STRICT;

CREATE TABLE IF NOT EXISTS submission (
    path     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    run      TEXT,
    manifest TEXT NOT NULL,
    created  TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS file_hash (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256   TEXT NOT NULL
) STRICT;

-- Not tied to the table of runs: a run that is started over must not take along a score that cost
-- one of the day's submissions. The digest tells whether the run still has the answers it was for.
CREATE TABLE IF NOT EXISTS organizer_score (
    run         TEXT PRIMARY KEY,
    competition TEXT NOT NULL,
    public      REAL NOT NULL,
    private     REAL,
    answers     TEXT NOT NULL,
    recorded    TEXT NOT NULL
) STRICT;
