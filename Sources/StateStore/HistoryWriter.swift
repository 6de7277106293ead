import GRDB
import LosslessJSON
import Reconciliation
import RolloutCore

/// Appends to the history within a transaction that its caller opened. A repeated entry is
/// counted in the row of the first one, and what is older than a year is removed.
struct HistoryWriter {
  let database: Database

  /// The rows of a domain among which an entry may be counted. An hourly retry makes 2 or 3
  /// entries in turn, and other events may come in between.
  static let comparedRows = 8

  /// How long entries and ended rollouts are kept. The trigger `history_keeps_a_year` has the
  /// same limit.
  static let retention = Duration.days(365)

  /// Rows that one commit removes from each table, beyond as many as it adds: few enough that no
  /// commit takes long, and enough to catch up after a year without pruning.
  static let prunedRows = 100

  func write(_ entries: [HistoryEntry]) throws {
    for entry in entries {
      if let id = try repeatedRow(of: entry) {
        try count(entry, in: id)
      } else {
        try append(entry)
      }
    }
    guard let newest = entries.map(\.at).max() else { return }
    try prune(
      before: newest - HistoryWriter.retention, rows: HistoryWriter.prunedRows + entries.count)
  }

  /// The newest row of the domain that says the same.
  ///
  /// What happened before an operator's order is not counted on after it, so that one can read what
  /// came of the order; an order itself is counted in the last row alone.
  private func repeatedRow(of entry: HistoryEntry) throws -> Int64? {
    let meaning = entry.fields.withoutDetails
    let rows = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT id, event, level, fields FROM history
          WHERE domain IS ? ORDER BY id DESC LIMIT \(HistoryWriter.comparedRows)
          """),
      arguments: [entry.domain?.text])
    while let row = try rows.next() {
      let reader = RowReader(.history, row, key: "id")
      let fields = reader.historyFields
      if try reader.text("event") == entry.event, try reader.text("level") == entry.level,
        fields?.withoutDetails == meaning
      {
        return try reader.number("id")
      }
      if fields?.isOrder ?? false || entry.fields.isOrder { return nil }
    }
    return nil
  }

  private func append(_ entry: HistoryEntry) throws {
    try execute(
      """
      INSERT INTO history (at, last_at, count, domain, event, level, fields)
      VALUES (:at, :at, 1, :domain, :event, :level, :fields)
      """,
      [
        "at": entry.at.milliseconds, "domain": entry.domain?.text, "event": entry.event,
        "level": entry.level, "fields": entry.storedFields,
      ])
  }

  private func count(_ entry: HistoryEntry, in id: Int64) throws {
    try execute(
      "UPDATE history SET count = count + 1, last_at = :at, fields = :fields WHERE id = :id",
      ["id": id, "at": entry.at.milliseconds, "fields": entry.storedFields])
  }

  /// Removes the oldest entries, and the oldest rollouts that ended and are not the latest of
  /// their domain.
  private func prune(before horizon: Instant, rows: Int) throws {
    let values: Table.Values = ["horizon": horizon.milliseconds, "rows": rows]
    try execute(
      """
      DELETE FROM history WHERE id IN (
        SELECT id FROM history WHERE last_at < :horizon ORDER BY last_at LIMIT :rows)
      """,
      values)
    try execute(
      """
      DELETE FROM rollouts WHERE id IN (
        SELECT id FROM rollouts WHERE completed_at < :horizon
          AND NOT EXISTS (SELECT 1 FROM domains WHERE domains.rollout = rollouts.id)
        ORDER BY completed_at LIMIT :rows)
      """,
      values)
  }

  private func execute(_ statement: String, _ values: Table.Values) throws {
    try database.cachedStatement(sql: statement).execute(arguments: StatementArguments(values))
  }
}

extension [String: String] {
  /// Fields that differ at each repetition of an entry.
  private static let volatile: Set = ["attempt", "request_id", "retry_in", "deadline"]
  /// Fields in words, which may contain times and counts.
  private static let texts: Set = ["error", "reason"]

  /// Whether the fields are of an operator's order.
  fileprivate var isOrder: Bool { self["user"] != nil }

  /// What an entry's fields say, without what differs each time that the same happens again.
  fileprivate var withoutDetails: [String: String] {
    var compared: [String: String] = [:]
    for (name, text) in self where !Self.volatile.contains(name) {
      compared[name] = Self.texts.contains(name) ? text.maskingDigits : text
    }
    return compared
  }
}

extension RowReader {
  /// nil in a row that this version cannot have written; no entry is counted in it.
  fileprivate var historyFields: [String: String]? {
    do throws(MalformedRow) {
      guard let members = try json("fields").members else { return nil }
      var fields: [String: String] = [:]
      for member in members {
        guard let text = member.value.string else { return nil }
        fields[member.name] = text
      }
      return fields
    } catch {
      return nil
    }
  }
}

extension HistoryEntry {
  fileprivate var storedFields: String {
    JSONValue.object(fields.map { JSONValue.Member($0.key, .string($0.value)) }).canonical
  }
}
