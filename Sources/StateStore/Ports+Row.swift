import LosslessJSON
import Reconciliation
import RolloutCore

extension HistoryEntry {
  /// Without an id: the table gives the next one.
  var rowValues: Table.Values {
    let members = event.fields.map { JSONValue.Member($0.key.rawValue, .string($0.value)) }
    return [
      "id": nil,
      "at": at.milliseconds,
      "domain": domain?.text,
      "event": event.kind.rawValue,
      "level": event.level.rawValue,
      "fields": JSONValue.object(members).canonical,
    ]
  }

  init(_ row: RowReader) throws(MalformedRow) {
    guard let members = try row.json("fields").members else {
      throw row.malformed("fields", "is not a JSON object")
    }
    var fields: [Event.Field: String] = [:]
    for member in members {
      guard let field = Event.Field(rawValue: member.name), let text = member.value.string else {
        throw row.malformed("fields", "holds an unknown name, or a value that is no string")
      }
      fields[field] = text
    }
    let event = Event(
      try row.choice("event", of: Event.Kind.self),
      level: try row.choice("level", of: Event.Level.self), fields)
    self.init(
      at: try row.instant("at"),
      domain: try row.optionalParsed("domain", DomainName.init(parsing:)),
      event: event)
  }
}

extension OperatorRequest {
  init(_ row: RowReader) throws(MalformedRow) {
    let kind: Kind =
      switch try row.choice("kind", of: StoredRequestKind.self) {
      case .hold: .hold(until: try row.optionalInstant("hold_until"))
      case .resume: .resume
      case .retry: .retry
      }
    self.init(
      id: try row.number("id"), domain: try row.parsed("domain", DomainName.init(parsing:)),
      at: try row.instant("at"), kind: kind)
  }
}

extension OperatorRequest.Kind {
  /// The columns `kind` and `hold_until`.
  var stored: (kind: StoredRequestKind, until: Instant?) {
    switch self {
    case .hold(let until): (.hold, until)
    case .resume: (.resume, nil)
    case .retry: (.retry, nil)
    }
  }
}

/// The words of `requests.kind`.
enum StoredRequestKind: String, CaseIterable {
  case hold, resume, retry
}
