extension StateFormat {
  /// Times are milliseconds since 1970-01-01T00:00:00Z. Columns are explained for operators in
  /// docs/state-file.md.
  ///
  /// No column has a list of allowed words: a new word must not need a table to be rebuilt, and
  /// a word of a newer version must be kept.
  ///
  /// The triggers allow what `HistoryWriter` does, and nothing else: to count a repeated entry,
  /// and to remove what is more than a year (31,536,000,000 ms) older than the newest entry.
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
      previous_not_after INTEGER,
      cause TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      fresh_until INTEGER,
      cloudfront_domain TEXT,
      is_urgent INTEGER NOT NULL CHECK (is_urgent IN (0, 1)),
      was_served INTEGER NOT NULL CHECK (was_served IN (0, 1)),
      attempts INTEGER NOT NULL CHECK (attempts >= 0),
      resubmits INTEGER NOT NULL CHECK (resubmits >= 0),
      phase TEXT NOT NULL,
      submitted_at INTEGER,
      deadline INTEGER,
      completed_at INTEGER,
      proof TEXT,
      released_at INTEGER,
      next_step_at INTEGER,
      not_before INTEGER,
      failures INTEGER CHECK (failures >= 0),
      checks INTEGER CHECK (checks >= 0),
      confirmations INTEGER CHECK (confirmations >= 0),
      last_error_code TEXT,
      last_error TEXT,
      settings TEXT CHECK (settings IS NULL OR json_valid(settings)),
      mapping_fingerprint TEXT,
      lost_failures INTEGER CHECK (lost_failures >= 0),
      lost_mapping_fingerprint TEXT,
      CHECK ((last_error_code IS NULL) = (last_error IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rollouts_of_domain ON rollouts (domain, started_at);
    CREATE INDEX rollouts_by_end ON rollouts (completed_at) WHERE completed_at IS NOT NULL;

    CREATE TABLE domains (
      domain TEXT NOT NULL PRIMARY KEY,
      user_pool_id TEXT NOT NULL,
      region TEXT NOT NULL,
      wave INTEGER NOT NULL,
      is_mapped INTEGER NOT NULL CHECK (is_mapped IN (0, 1)),
      condition TEXT NOT NULL,
      reason_code TEXT,
      reason_detail TEXT,
      attached_certificate_arn TEXT,
      attached_not_after INTEGER,
      desired_certificate_arn TEXT,
      last_attached_certificate_arn TEXT,
      selector_fingerprint TEXT,
      last_restored_at INTEGER,
      drifted_to_certificate_arn TEXT,
      shunned TEXT NOT NULL CHECK (json_valid(shunned)),
      rolled_back_certificate_arn TEXT,
      failed_in_wave INTEGER,
      failed_rollout TEXT,
      failed_rollouts INTEGER CHECK (failed_rollouts >= 1),
      held_since INTEGER,
      held_until INTEGER,
      retry_requested INTEGER NOT NULL CHECK (retry_requested IN (0, 1)),
      cloudfront_domain TEXT,
      expiry_warning_not_after INTEGER,
      expiry_warning_threshold INTEGER,
      rollout TEXT REFERENCES rollouts (id),
      CHECK ((reason_code IS NULL) = (reason_detail IS NULL)),
      CHECK ((failed_in_wave IS NULL) = (failed_rollout IS NULL)),
      CHECK ((failed_in_wave IS NULL) = (failed_rollouts IS NULL)),
      CHECK (held_since IS NOT NULL OR held_until IS NULL),
      CHECK ((expiry_warning_not_after IS NULL) = (expiry_warning_threshold IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX domains_by_rollout ON domains (rollout);

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

    CREATE TABLE first_imports (
      certificate_arn TEXT NOT NULL PRIMARY KEY,
      imported_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE stopped_waves (
      wave INTEGER NOT NULL PRIMARY KEY,
      at INTEGER NOT NULL,
      failures INTEGER NOT NULL CHECK (failures >= 1),
      domains TEXT NOT NULL CHECK (json_valid(domains))
    ) STRICT;

    CREATE TABLE history (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      count INTEGER NOT NULL CHECK (count >= 1),
      domain TEXT,
      event TEXT NOT NULL,
      level TEXT NOT NULL,
      fields TEXT NOT NULL CHECK (json_valid(fields))
    ) STRICT;
    CREATE INDEX history_of_domain ON history (domain, id);
    CREATE INDEX history_by_time ON history (last_at);
    CREATE TRIGGER history_only_counts BEFORE UPDATE ON history
      WHEN NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.count <> OLD.count + 1
        OR NEW.domain IS NOT OLD.domain OR NEW.event <> OLD.event OR NEW.level <> OLD.level
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER history_keeps_a_year BEFORE DELETE ON history
      WHEN OLD.last_at >= (SELECT max(last_at) FROM history) - 31536000000
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER history_is_never_replaced BEFORE INSERT ON history
      WHEN EXISTS (SELECT 1 FROM history WHERE id = NEW.id)
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

    CREATE TABLE requests (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      domain TEXT,
      wave INTEGER,
      at INTEGER NOT NULL,
      user TEXT NOT NULL,
      kind TEXT NOT NULL,
      hold_until INTEGER,
      CHECK ((domain IS NULL) <> (wave IS NULL))
    ) STRICT;
    """
}
