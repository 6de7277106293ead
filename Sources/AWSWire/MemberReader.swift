import LosslessJSON
import RolloutCore

/// Reads the members of an object in an answer. An absent member, or null, is nil. A member of the
/// wrong type is an error that names it.
struct MemberReader {
  /// Which member is malformed.
  struct Problem: Error { let description: String }

  let value: JSONValue
  /// The place of the object in the answer, for errors.
  let path: String

  init(_ value: JSONValue, at path: String) throws(Problem) {
    guard value.members != nil else { throw Problem(description: "\(path) is not an object") }
    self.value = value
    self.path = path
  }

  /// The member as it is; nil for null.
  subscript(name: String) -> JSONValue? {
    guard let member = value[name], member != .null else { return nil }
    return member
  }

  func text(_ name: String) throws(Problem) -> String? {
    try member(name, "string", \.string)
  }

  func flag(_ name: String) throws(Problem) -> Bool? {
    try member(name, "boolean", \.bool)
  }

  func list(_ name: String) throws(Problem) -> [JSONValue]? {
    try member(name, "list", \.array)
  }

  func texts(_ name: String) throws(Problem) -> [String]? {
    guard let elements = try list(name) else { return nil }
    let texts = elements.compactMap(\.string)
    guard texts.count == elements.count else { throw wrong(name, "a list of strings") }
    return texts
  }

  func time(_ name: String) throws(Problem) -> Instant? {
    guard let member = self[name] else { return nil }
    guard let instant = AnswerTime.instant(member) else { throw wrong(name, "a time") }
    return instant
  }

  func object(_ name: String) throws(Problem) -> MemberReader? {
    guard let member = self[name] else { return nil }
    return try MemberReader(member, at: "\(path).\(name)")
  }

  private func member<Value>(
    _ name: String, _ type: String, _ read: (JSONValue) -> Value?
  ) throws(Problem) -> Value? {
    guard let member = self[name] else { return nil }
    guard let value = read(member) else { throw wrong(name, "a \(type)") }
    return value
  }

  private func wrong(_ name: String, _ type: String) -> Problem {
    Problem(description: "\(path).\(name) is not \(type)")
  }
}
