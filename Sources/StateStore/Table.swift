import GRDB

/// A table whose rows are written whole: its columns, the key first.
struct Table: Sendable {
  let name: String
  let columns: [String]
  /// Names every column, so that a column that someone removed is an error and not a trap.
  let select: String
  /// Inserts a row or replaces the one with its key; arguments by the columns' names.
  let upsert: String

  typealias Values = [String: (any DatabaseValueConvertible)?]

  init(_ name: String, columns: [String], keyLength: Int = 1) {
    self.name = name
    self.columns = columns
    let list = columns.joined(separator: ", ")
    let key = columns.prefix(keyLength).joined(separator: ", ")
    let updates = columns.dropFirst(keyLength).map { "\($0) = excluded.\($0)" }
    self.select = "SELECT \(list) FROM \(name)"
    self.upsert = """
      INSERT INTO \(name) (\(list)) VALUES (\(columns.map { ":\($0)" }.joined(separator: ", ")))
      ON CONFLICT (\(key)) DO UPDATE SET \(updates.joined(separator: ", "))
      """
  }

  static let domains = Table(
    "domains",
    columns: [
      "domain", "user_pool_id", "region", "wave", "is_mapped", "condition", "reason_code",
      "reason_detail", "attached_certificate_arn", "attached_not_after",
      "desired_certificate_arn", "last_attached_certificate_arn", "selector_fingerprint",
      "last_restored_at", "drifted_to_certificate_arn", "shunned",
      "rolled_back_certificate_arn", "failed_in_wave", "failed_rollout", "failed_rollouts",
      "held_since", "held_until",
      "retry_requested", "cloudfront_domain", "expiry_warning_not_after",
      "expiry_warning_threshold", "rollout",
    ])

  static let rollouts = Table("rollouts", columns: rolloutColumns + phaseColumns)

  /// For a rollout in a phase of another version: the data of that phase, which this version
  /// does not know, stays as it is.
  static let rolloutsWithoutPhaseData = Table("rollouts", columns: rolloutColumns)

  private static let rolloutColumns = [
    "id", "domain", "certificate_arn", "previous_certificate_arn", "previous_not_after", "cause",
    "started_at", "fresh_until", "cloudfront_domain", "is_urgent", "was_served", "attempts",
    "resubmits", "phase",
  ]

  /// The data of the phases; which of them a phase needs is said in `Rollout+Row.swift`.
  private static let phaseColumns = [
    "submitted_at", "deadline", "completed_at", "proof", "released_at", "next_step_at",
    "not_before", "failures", "checks", "confirmations", "last_error_code", "last_error",
    "settings",
    "mapping_fingerprint", "lost_failures", "lost_mapping_fingerprint",
  ]

  static let servedEdges = Table(
    "served_edges",
    columns: ["domain", "position", "address", "sha256", "serial", "not_after", "matches"],
    keyLength: 2)

  static let firstImports = Table(
    "first_imports", columns: ["certificate_arn", "imported_at"])

  static let stoppedWaves = Table(
    "stopped_waves", columns: ["wave", "at", "failures", "domains"])

  static let history = Table(
    "history", columns: ["id", "at", "last_at", "count", "domain", "event", "level", "fields"])

  static let requests = Table(
    "requests", columns: ["id", "domain", "wave", "at", "user", "kind", "hold_until"])
}
