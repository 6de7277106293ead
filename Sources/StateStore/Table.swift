import GRDB

/// A table whose rows are written whole: its columns, the key first.
struct Table: Sendable {
  let name: String
  let columns: [String]
  /// Every column by name, so that a column that someone removed is an error and no trap.
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
      "domain", "user_pool_id", "region", "is_mapped", "condition", "reason_code", "reason_text",
      "attached_certificate_arn", "attached_not_after", "desired_certificate_arn",
      "last_attached_certificate_arn", "selector_fingerprint", "last_restored_at",
      "drifted_to_certificate_arn", "shunned", "held_since", "held_until", "rollout",
    ])

  static let rollouts = Table(
    "rollouts",
    columns: [
      "id", "domain", "certificate_arn", "previous_certificate_arn", "cause", "phase",
      "started_at", "submitted_at", "deadline", "completed_at", "proof", "attempts", "failures",
      "resubmits", "checks", "confirmations", "next_step_at", "fresh_until", "settings",
      "last_error", "refusal", "mapping_fingerprint",
    ])

  static let servedEdges = Table(
    "served_edges",
    columns: ["domain", "position", "address", "sha256", "serial", "not_after", "matches"],
    keyLength: 2)

  static let history = Table(
    "history", columns: ["id", "at", "domain", "event", "level", "fields"])

  static let requests = Table(
    "requests", columns: ["id", "domain", "at", "kind", "hold_until"])
}
