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

-- What came with a completion beside its text, where anything did: what the model thought aloud
-- before it, and the log-likelihoods of the request's choices (a JSON object by label).
CREATE TABLE IF NOT EXISTS completion_extra (
    completion  INTEGER PRIMARY KEY REFERENCES completion (id),
    thinking    TEXT NOT NULL,
    likelihoods TEXT NOT NULL
) STRICT;

-- Which file a run's examples are of, and how many prompts lost how many of theirs for lack of
-- context (a JSON object).
CREATE TABLE IF NOT EXISTS example_use (
    run      TEXT PRIMARY KEY REFERENCES run (name) ON DELETE CASCADE,
    file     TEXT NOT NULL,
    left_out TEXT NOT NULL
) STRICT;

-- What a run's prompts show of documents, and how that was found (a JSON object), by row and part.
CREATE TABLE IF NOT EXISTS evidence (
    run      TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    part     INTEGER NOT NULL,
    found    TEXT NOT NULL,
    PRIMARY KEY (run, position, part)
) STRICT;

-- Why a run's row key got no completion when it was last asked.
CREATE TABLE IF NOT EXISTS failure (
    run     TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    row_key TEXT NOT NULL,
    reason  TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (run, row_key)
) STRICT;

-- What the engine that answered a run last was really running with, and what was asked of it.
CREATE TABLE IF NOT EXISTS engine_setting (
    run     TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    applied TEXT NOT NULL,
    asked   TEXT,
    differs INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) STRICT;

-- What was asked of a server that may charge for it: a line is there before it is sent. id is what
-- the server is told; sent again under the same id, it counts in times. ending: replied, refused or
-- lost (no reply, perhaps after the work was done); NULL while it is in flight. NULL counts and money
-- are not known. Not tied to the table of runs: what was paid stays paid. run is NULL where the run
-- was started over since.
CREATE TABLE IF NOT EXISTS attempt (
    id                TEXT PRIMARY KEY,
    run               TEXT,
    row_key           TEXT NOT NULL,
    sent              TEXT NOT NULL,
    times             INTEGER NOT NULL DEFAULT 1,
    ended             TEXT,
    ending            TEXT,
    prompt_tokens     INTEGER,
    cached_tokens     INTEGER,
    completion_tokens INTEGER,
    reasoning_tokens  INTEGER,
    money             REAL,
    currency          TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS attempt_by_run ON attempt (run, row_key);

-- The most that one sending of an attempt may cost, where prices were known.
CREATE TABLE IF NOT EXISTS attempt_bound (
    id    TEXT PRIMARY KEY,
    money REAL NOT NULL
) STRICT;

-- Requests that were sent to a server as one file: a line is there before the file is. The attempts
-- at them have the ids ID/ROW_KEY. file and name are the server's own ids, of the file and of the
-- batch; NULL until they are known. Kept as attempts are.
CREATE TABLE IF NOT EXISTS batch (
    id      TEXT PRIMARY KEY,
    run     TEXT,
    file    TEXT,
    name    TEXT,
    created TEXT NOT NULL
) STRICT;

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

-- The special tokens of the model that answered a run, as far as no known family has them.
CREATE TABLE IF NOT EXISTS special_token (
    run   TEXT NOT NULL REFERENCES run (name) ON DELETE CASCADE,
    token TEXT NOT NULL,
    PRIMARY KEY (run, token)
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
