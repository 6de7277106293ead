extension Schema {
  /// Times are milliseconds since 1970-01-01T00:00:00Z. Columns are explained for operators in
  /// docs/state-file.md. `history.event` has no list of allowed words: a word more must not
  /// need the table rebuilt.
  static let firstVersion = """
    CREATE TABLE meta (
      key TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO meta (key, value) VALUES
      ('program', 'cognito-certd'),
      ('about', 'the memory of cognito-certd; see docs/state-file.md before changing anything');

    CREATE TABLE rollouts (
      id TEXT NOT NULL PRIMARY KEY,
      domain TEXT NOT NULL,
      certificate_arn TEXT NOT NULL,
      previous_certificate_arn TEXT,
      cause TEXT NOT NULL CHECK (cause IN ('replacement', 'pinned', 'unusable', 'restore')),
      phase TEXT NOT NULL CHECK (phase IN ('submitting', 'retrying', 'propagating', 'overdue',
        'refused', 'completed', 'superseded', 'abandoned')),
      started_at INTEGER NOT NULL,
      submitted_at INTEGER,
      deadline INTEGER,
      completed_at INTEGER,
      proof TEXT CHECK (proof IN ('edge', 'control_plane')),
      attempts INTEGER NOT NULL CHECK (attempts >= 0),
      failures INTEGER NOT NULL CHECK (failures >= 0),
      resubmits INTEGER NOT NULL CHECK (resubmits >= 0),
      checks INTEGER NOT NULL CHECK (checks >= 0),
      confirmations INTEGER NOT NULL CHECK (confirmations >= 0),
      next_step_at INTEGER,
      fresh_until INTEGER,
      settings TEXT CHECK (settings IS NULL OR json_valid(settings)),
      last_error TEXT,
      refusal TEXT,
      mapping_fingerprint TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rollouts_of_domain ON rollouts (domain, started_at);

    CREATE TABLE domains (
      domain TEXT NOT NULL PRIMARY KEY,
      user_pool_id TEXT NOT NULL,
      region TEXT NOT NULL,
      is_mapped INTEGER NOT NULL CHECK (is_mapped IN (0, 1)),
      condition TEXT NOT NULL CHECK (condition IN ('in_sync', 'pending', 'submitting',
        'propagating', 'retrying', 'overdue', 'refused', 'no_candidate', 'unknown', 'drifted',
        'held')),
      reason_code TEXT,
      reason_text TEXT,
      attached_certificate_arn TEXT,
      attached_not_after INTEGER,
      desired_certificate_arn TEXT,
      last_attached_certificate_arn TEXT,
      selector_fingerprint TEXT,
      last_restored_at INTEGER,
      drifted_to_certificate_arn TEXT,
      shunned TEXT NOT NULL CHECK (json_valid(shunned)),
      held_since INTEGER,
      held_until INTEGER,
      rollout TEXT REFERENCES rollouts (id),
      CHECK ((reason_code IS NULL) = (reason_text IS NULL)),
      CHECK (held_since IS NOT NULL OR held_until IS NULL)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE served_edges (
      domain TEXT NOT NULL REFERENCES domains (domain) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      address TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      serial TEXT NOT NULL,
      not_after INTEGER NOT NULL,
      matches INTEGER NOT NULL CHECK (matches IN (0, 1)),
      PRIMARY KEY (domain, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE history (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      domain TEXT,
      event TEXT NOT NULL,
      level TEXT NOT NULL CHECK (level IN ('debug', 'info', 'notice', 'warning', 'error')),
      fields TEXT NOT NULL CHECK (json_valid(fields))
    ) STRICT;
    CREATE INDEX history_of_domain ON history (domain, id);
    CREATE TRIGGER history_is_never_updated BEFORE UPDATE ON history
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER history_is_never_replaced BEFORE INSERT ON history
      WHEN EXISTS (SELECT 1 FROM history WHERE id = NEW.id)
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

    CREATE TABLE requests (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      domain TEXT NOT NULL,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('hold', 'resume', 'retry')),
      hold_until INTEGER,
      CHECK (kind = 'hold' OR hold_until IS NULL)
    ) STRICT;
    """
}
