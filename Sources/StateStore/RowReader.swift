import GRDB
import LosslessJSON
import RolloutCore

/// A row that this program cannot have written: where it is and what is wrong, without the value.
struct MalformedRow: Error, Equatable, CustomStringConvertible {
  let table: String
  let key: String
  let column: String
  let problem: String

  var description: String {
    "table \(table), row \(key.debugDescription), column \(column): \(problem)"
  }
}

/// Reads one row of a table, column by column, and names the place of whatever is wrong: a
/// person may have edited the file with sqlite3.
struct RowReader {
  let table: Table
  let key: String
  let row: Row
  /// Completes "is empty".
  private var neededBy = ""

  /// No daemon counted further than this. A larger count is refused, since it could overflow.
  static let maximumCount = Int64(Int32.max)

  /// `key` is the column that names the row in a failure.
  init(_ table: Table, _ row: Row, key: String) {
    self.table = table
    self.row = row
    let value: DatabaseValue = row[key]
    switch value.storage {
    case .string(let text): self.key = text
    case .int64(let number): self.key = String(number)
    case .null, .double, .blob: self.key = "?"
    }
  }

  /// The same row; a column that is empty is reported as one that `phase` needs.
  func needed(by phase: String) -> RowReader {
    var reader = self
    reader.neededBy = ", and the phase \(phase) needs it"
    return reader
  }

  func malformed(_ column: String, _ problem: String) -> MalformedRow {
    MalformedRow(table: table.name, key: key, column: column, problem: problem)
  }

  func optionalText(_ column: String) throws(MalformedRow) -> String? {
    let value: DatabaseValue = row[column]
    switch value.storage {
    case .null: return nil
    case .string(let text): return text
    case .int64, .double, .blob: throw malformed(column, "is not text")
    }
  }

  func text(_ column: String) throws(MalformedRow) -> String {
    try required(column, optionalText(column))
  }

  func optionalNumber(_ column: String) throws(MalformedRow) -> Int64? {
    let value: DatabaseValue = row[column]
    switch value.storage {
    case .null: return nil
    case .int64(let number): return number
    case .string, .double, .blob: throw malformed(column, "is not a whole number")
    }
  }

  func number(_ column: String) throws(MalformedRow) -> Int64 {
    try required(column, optionalNumber(column))
  }

  func count(_ column: String) throws(MalformedRow) -> Int {
    let value = try number(column)
    guard (0...RowReader.maximumCount).contains(value), let count = Int(exactly: value) else {
      throw malformed(column, "is not a count from 0 to \(RowReader.maximumCount)")
    }
    return count
  }

  func flag(_ column: String) throws(MalformedRow) -> Bool {
    switch try number(column) {
    case 0: return false
    case 1: return true
    default: throw malformed(column, "is neither 0 nor 1")
    }
  }

  func optionalInstant(_ column: String) throws(MalformedRow) -> Instant? {
    try optionalNumber(column).map(Instant.init(milliseconds:))
  }

  func instant(_ column: String) throws(MalformedRow) -> Instant {
    Instant(milliseconds: try number(column))
  }

  func optionalParsed<Value>(
    _ column: String, _ parse: (String) throws(MalformedIdentifier) -> Value
  ) throws(MalformedRow) -> Value? {
    guard let text = try optionalText(column) else { return nil }
    do throws(MalformedIdentifier) {
      return try parse(text)
    } catch {
      throw malformed(column, "is not \(error.kind)")
    }
  }

  func parsed<Value>(
    _ column: String, _ parse: (String) throws(MalformedIdentifier) -> Value
  ) throws(MalformedRow) -> Value {
    try required(column, optionalParsed(column, parse))
  }

  func optionalWord<Word: OpenWord>(_ column: String) throws(MalformedRow) -> Word? {
    try optionalText(column).map { Word(word: $0) }
  }

  func word<Word: OpenWord>(_ column: String) throws(MalformedRow) -> Word {
    try required(column, optionalWord(column))
  }

  /// nil when both columns are NULL; one without the other is malformed.
  func optionalExplanation(
    _ code: String, _ detail: String
  ) throws(MalformedRow) -> Explanation? {
    let text = try optionalText(detail)
    guard let reason: Reason = try optionalWord(code) else {
      if text != nil { throw malformed(detail, "is set although \(code) is empty") }
      return nil
    }
    return Explanation(reason, try required(detail, text))
  }

  func explanation(_ code: String, _ detail: String) throws(MalformedRow) -> Explanation {
    try required(code, optionalExplanation(code, detail))
  }

  func optionalJSON(_ column: String) throws(MalformedRow) -> JSONValue? {
    guard let text = try optionalText(column) else { return nil }
    do throws(JSONError) {
      return try JSONValue(parsing: text)
    } catch {
      throw malformed(column, "is not JSON: \(error.problem.prefix(while: { $0 != "\"" }))")
    }
  }

  func json(_ column: String) throws(MalformedRow) -> JSONValue {
    try required(column, optionalJSON(column))
  }

  func required<Value>(_ column: String, _ value: Value?) throws(MalformedRow) -> Value {
    guard let value else { throw malformed(column, "is empty" + neededBy) }
    return value
  }
}
