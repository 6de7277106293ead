internal import RolloutCore

/// The role of an entry of `domains`, or of `defaults`, before the two are merged.
struct RoleDraft {
  private(set) var arn: Setting<String> = .absent
  private var externalID: Setting<String> = .absent
  private var sessionName: Setting<String> = .absent

  /// Without any key.
  init() {}

  init(_ section: Section) {
    arn = section.value("role_arn", as: "the ARN of an IAM role") { text throws(Malformed) in
      if let problem = RoleRules.problem(withARN: text) {
        throw Malformed("the ARN of an IAM role", problem)
      }
      return text
    }
    sessionName = section.value("role_session_name", as: "the name of a role session") {
      text throws(Malformed) in
      if let problem = RoleRules.problem(withSessionName: text) {
        throw Malformed("the name of a role session", problem)
      }
      return text
    }
    externalID = section.externalID()
  }

  func merged(with defaults: RoleDraft) -> RoleDraft {
    var merged = self
    merged.arn = arn.inheriting(defaults.arn)
    merged.externalID = externalID.inheriting(defaults.externalID)
    merged.sessionName = sessionName.inheriting(defaults.sessionName)
    return merged
  }

  /// The keys that only a role uses.
  var parameterLocations: [(key: String, location: Location)] {
    [("external_id", externalID), ("role_session_name", sessionName)].compactMap { key, setting in
      setting.located.map { (key, $0.location) }
    }
  }

  func complete(_ identity: inout Identity) {
    identity.roleARN = arn.located?.value
    identity.externalID = externalID.located?.value
    identity.roleSessionName = sessionName.located?.value
  }
}

/// An external id as a person writes it: itself, or with `${NAME}` for a variable.
package enum ExternalID {
  static let kind = "an external id"

  /// No problem quotes the text: some operators treat it as a secret.
  package static func parse(
    _ written: String, environment: [String: String]
  ) throws(Malformed) -> String {
    let text: String
    do throws(ExpansionFailure) {
      text = try ExpandedText(expanding: written, environment: environment).text
    } catch {
      throw Malformed(kind, error.messages.joined(separator: "; "))
    }
    if let problem = RoleRules.problem(withExternalID: text) { throw Malformed(kind, problem) }
    return text
  }
}

extension Section {
  /// Some operators treat it as a secret, so no message shows its value.
  fileprivate func externalID() -> Setting<String> {
    guard let node = node("external_id") else { return .absent }
    let location = location(of: "external_id")
    guard case .scalar(let written, _) = node.content, !node.isNull else {
      context.report(node, at: location, expected: "an external id", advice: "write a single value")
      return .invalid
    }
    let text: String
    do throws(ExpansionFailure) {
      text = try ExpandedText(expanding: written, environment: context.environment).text
    } catch {
      for message in error.messages { context.report(at: location, message) }
      return .invalid
    }
    if let problem = RoleRules.problem(withExternalID: text) {
      context.report(at: location, "the value is not an external id: \(problem)")
      return .invalid
    }
    return .given(Located(value: text, shown: "", location: location))
  }
}
