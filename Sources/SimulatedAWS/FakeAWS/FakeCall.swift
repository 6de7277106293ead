package import RolloutCore

/// One call that reached the simulated AWS, or would have.
package struct FakeCall: Sendable {
  /// From 1, in the order of arrival.
  package var sequence: Int
  package var at: Instant
  package var operation: String
  package var account: String
  package var region: String
  /// The domain or ARN that it was about; empty for a list.
  package var object: String
  /// The certificate that an update names; empty for every other call.
  package var certificateARN: String
  package var requestID: String
  package var fault: Fault?
  package var outcome: Outcome
  /// Whether the state changed: an update that was accepted.
  package var hadEffect: Bool

  package enum Outcome: Equatable, Sendable {
    /// With AWS's error code, empty when all went well.
    case answered(status: Int, code: String)
    /// The caller got no answer, or not all of it.
    case lost
  }
}

/// A change of a domain's certificate, by whomever.
package struct AttachmentChange: Sendable {
  package var at: Instant
  package var domain: String
  package var from: String
  package var to: String
  /// False when an operator did it by hand.
  package var isByCall: Bool
  /// Every setting before and after, as canonical JSON: equal texts, equal settings.
  package var settingsBefore: String
  package var settingsAfter: String
  /// The certificate's status then; empty for an ARN that is not there.
  package var certificateStatus: String
}
