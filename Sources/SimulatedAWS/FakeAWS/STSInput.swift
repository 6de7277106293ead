/// The parameters of a request to STS, checked against the constraints of its model.
struct STSInput {
  let form: [String: String]
  private var violations: [String] = []

  init(_ form: [String: String]) {
    self.form = form
  }

  static let version = "2011-06-15"
  /// The durations that a request may ask for, in seconds.
  static let durations: ClosedRange<Int64> = 900...43_200
  static let defaultDuration: Int64 = 3600
  /// The characters besides word characters, as in `[\w+=,.@-]*`.
  private static let sessionNameCharacters = "+=,.@-"
  private static let externalIDCharacters = "+=,.@-:/"

  mutating func roleARN() -> String {
    text("RoleArn", 20...2048)
  }

  mutating func sessionName() -> String {
    text("RoleSessionName", 2...64, also: STSInput.sessionNameCharacters)
  }

  /// nil when none was sent.
  mutating func externalID() -> String? {
    guard form["ExternalId"] != nil else { return nil }
    return text("ExternalId", 2...1224, also: STSInput.externalIDCharacters)
  }

  mutating func webIdentityToken() -> String {
    text("WebIdentityToken", 4...20_000, isSensitive: true)
  }

  mutating func seconds() -> Int64 {
    guard let text = form["DurationSeconds"] else { return STSInput.defaultDuration }
    let seconds = Int64(text) ?? 0
    if seconds < STSInput.durations.lowerBound {
      violate(
        text, "DurationSeconds",
        "Member must have value greater than or equal to \(STSInput.durations.lowerBound)")
    } else if seconds > STSInput.durations.upperBound {
      violate(
        text, "DurationSeconds",
        "Member must have value less than or equal to \(STSInput.durations.upperBound)")
    }
    return seconds
  }

  /// Throws when a parameter violates its constraint.
  func check() throws(ServiceError) {
    guard !violations.isEmpty else { return }
    let count =
      violations.count == 1 ? "1 validation error" : "\(violations.count) validation errors"
    throw STSInput.invalid("\(count) detected: " + violations.joined(separator: "; "))
  }

  static func invalid(_ message: String) -> ServiceError {
    ServiceError("ValidationError", message)
  }

  /// - Parameter also: the characters besides word characters; nil: any.
  private mutating func text(
    _ name: String, _ lengths: ClosedRange<Int>, also: String? = nil, isSensitive: Bool = false
  ) -> String {
    guard let text = form[name] else {
      violations.append(
        "Value null at '\(STSInput.member(name))' failed to satisfy constraint: Member must not be null"
      )
      return ""
    }
    let shown = isSensitive ? "***" : text
    let length = text.unicodeScalars.count
    if length < lengths.lowerBound {
      violate(
        shown, name, "Member must have length greater than or equal to \(lengths.lowerBound)")
    } else if length > lengths.upperBound {
      violate(shown, name, "Member must have length less than or equal to \(lengths.upperBound)")
    }
    if let also, !text.unicodeScalars.allSatisfy({ STSInput.isAllowed($0, also: also) }) {
      violate(
        shown, name, "Member must satisfy regular expression pattern: [\\w\(also)]*")
    }
    return text
  }

  private mutating func violate(_ value: String, _ name: String, _ constraint: String) {
    violations.append(
      "Value '\(value)' at '\(STSInput.member(name))' failed to satisfy constraint: \(constraint)")
  }

  private static func isAllowed(_ scalar: Unicode.Scalar, also: String) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: also.unicodeScalars.contains(scalar)
    }
  }

  /// The name of a parameter in messages: `roleArn`.
  private static func member(_ name: String) -> String {
    name.prefix(1).lowercased() + name.dropFirst()
  }
}
