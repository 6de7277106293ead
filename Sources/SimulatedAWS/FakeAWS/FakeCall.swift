package import RolloutCore

/// One request to the simulated AWS, also one that a fault lost.
package struct FakeCall: Sendable {
  /// From 1, in the order of arrival.
  package var sequence: Int
  package var at: Instant
  package var operation: String
  package var account: String
  package var region: String
  /// The domain, ARN or user pool of the request; empty for a list.
  package var object: String
  /// The certificate of an update; otherwise empty.
  package var certificateARN: String
  /// The ARN of the caller; empty for an unknown key and for an unsigned request.
  package var principal = ""
  /// What a request for a session of a role asks for; nil for every other request.
  package var session: SessionOrder?
  package var requestID: String
  package var fault: Fault?
  package var outcome: Outcome
  /// Whether the state changed.
  package var hadEffect: Bool

  package enum Outcome: Equatable, Sendable {
    /// With AWS's error code, which is empty after a success.
    case answered(status: Int, code: String)
    /// The caller got no answer, or only part of it.
    case lost
  }
}

/// What AssumeRole and AssumeRoleWithWebIdentity ask for, besides the role.
package struct SessionOrder: Equatable, Sendable {
  package var name: String
  package var sendsExternalID: Bool
  /// As it was sent; nil when it was not.
  package var seconds: String?
}

/// A change of a domain's certificate, by a call or by an operator.
package struct AttachmentChange: Sendable {
  package var at: Instant
  package var domain: String
  package var from: String
  package var to: String
  /// False for an operator's change.
  package var isByCall: Bool
  /// The settings before and after, as canonical JSON, so that equal settings have equal texts.
  package var settingsBefore: String
  package var settingsAfter: String
  /// The status of the certificate at that time; empty for an unknown ARN.
  package var certificateStatus: String
}
