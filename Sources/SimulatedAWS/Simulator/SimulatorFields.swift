import LosslessJSON
import RolloutCore

/// The members of a JSON object in a scenario or a command. Errors name their place.
struct SimulatorFields {
  /// `domains[0]`; empty for the outermost object.
  let path: String
  private let members: [String: JSONValue]

  init(_ value: JSONValue, at path: String = "") throws(SimulationProblem) {
    guard let members = value.members else {
      throw SimulationProblem("\(path.isEmpty ? "the text" : path) must be a JSON object")
    }
    self.path = path
    self.members = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// Throws unless every name is one of these.
  func allow(_ names: Set<String>) throws(SimulationProblem) {
    for name in members.keys.sorted() where !names.contains(name) {
      throw SimulationProblem(
        "\(place(name)) is unknown; known are \(names.sorted().joined(separator: ", "))")
    }
  }

  func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The member; nil when it is absent or null.
  func value(_ name: String) -> JSONValue? {
    guard let value = members[name], value != .null else { return nil }
    return value
  }

  /// Whether the member is present, also as null.
  func has(_ name: String) -> Bool { members[name] != nil }

  func text(_ name: String) throws(SimulationProblem) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string, !text.isEmpty else {
      throw SimulationProblem("\(place(name)) must be a text that is not empty")
    }
    return text
  }

  func required(_ name: String) throws(SimulationProblem) -> String {
    guard let text = try text(name) else { throw SimulationProblem("\(place(name)) is missing") }
    return text
  }

  func flag(_ name: String) throws(SimulationProblem) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else {
      throw SimulationProblem("\(place(name)) must be true or false")
    }
    return flag
  }

  func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(SimulationProblem) -> Int64? {
    guard let value = value(name) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw SimulationProblem(
        "\(place(name)) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func seconds(_ name: String, negative: Bool = false) throws(SimulationProblem) -> Duration? {
    guard let value = value(name) else { return nil }
    return try SimulatorFields.duration(value, place(name), negative: negative)
  }

  /// About 30 years, longer than every certificate.
  static let maximumSeconds = 1e9

  static func duration(
    _ value: JSONValue, _ place: String, negative: Bool = false
  ) throws(SimulationProblem) -> Duration {
    let smallest = negative ? -maximumSeconds : 0
    guard let number = value.double, number >= smallest, number <= maximumSeconds else {
      throw SimulationProblem(
        "\(place) must be a number of seconds from \(Int64(smallest)) to "
          + "\(Int64(maximumSeconds))")
    }
    return .milliseconds(Int64((number * 1000).rounded()))
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) throws(SimulationProblem) -> Choice? {
    guard let text = try text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw SimulationProblem("\(place(name)) is \"\(text)\"; it can be \(known)")
    }
    return choice
  }

  static let maximumElements = 100_000

  func list(_ name: String) throws(SimulationProblem) -> [(place: String, value: JSONValue)]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array, elements.count <= SimulatorFields.maximumElements else {
      throw SimulationProblem("\(place(name)) must be a list")
    }
    return elements.enumerated().map { ("\(place(name))[\($0)]", $1) }
  }

  func texts(_ name: String) throws(SimulationProblem) -> [String]? {
    guard let list = try list(name) else { return nil }
    var texts: [String] = []
    for (place, value) in list {
      guard let text = value.string, !text.isEmpty else {
        throw SimulationProblem("\(place) must be a text that is not empty")
      }
      texts.append(text)
    }
    return texts
  }

  func textMap(_ name: String) throws(SimulationProblem) -> [String: String]? {
    guard let value = value(name) else { return nil }
    guard let members = value.members else {
      throw SimulationProblem("\(place(name)) must be an object of texts")
    }
    var map: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else {
        throw SimulationProblem("\(place(name)).\(member.name) must be a text")
      }
      map[member.name] = text
    }
    return map
  }
}
