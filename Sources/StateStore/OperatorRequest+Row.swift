import Reconciliation
import RolloutCore

extension OperatorRequest {
  /// A row whose kind this version knows; see `StoredRequestKind.sqlList`.
  init(_ row: RowReader) throws(MalformedRow) {
    let word = try row.text("kind")
    guard let stored = StoredRequestKind(rawValue: word) else {
      throw row.malformed("kind", "is not a kind that this version knows")
    }
    let kind: Kind =
      switch stored {
      case .hold: .hold(until: try row.optionalInstant("hold_until"))
      case .resume: .resume
      case .retry: .retry
      case .resumeWave: .resumeWave(try row.count("wave"))
      }
    let domain: DomainName? =
      switch stored {
      case .hold, .resume, .retry: try row.parsed("domain", DomainName.init(parsing:))
      case .resumeWave: nil
      }
    self.init(
      id: try row.number("id"), domain: domain,
      by: OperatorName(escaping: try row.text("user")), at: try row.instant("at"), kind: kind)
  }
}

extension OperatorRequest.Kind {
  /// The columns `kind`, `wave` and `hold_until`.
  var stored: (kind: StoredRequestKind, wave: Int?, until: Instant?) {
    switch self {
    case .hold(let until): (.hold, nil, until)
    case .resume: (.resume, nil, nil)
    case .retry: (.retry, nil, nil)
    case .resumeWave(let wave): (.resumeWave, wave, nil)
    }
  }
}

/// The words of `requests.kind` that this version knows. A request of another kind is left in
/// place, for the version that knows it.
enum StoredRequestKind: String, CaseIterable {
  case hold, resume, retry
  case resumeWave = "resume_wave"

  /// For `kind IN …`.
  static let sqlList = "(" + allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") + ")"
}
