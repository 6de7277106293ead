import LosslessJSON
import Narration
import RolloutCore

extension Explanation {
  /// A reason as the commands show it.
  var json: JSONValue {
    ["code": .string(reason.word), "text": .string(DecisionText.words(self))]
  }
}

extension Decision {
  /// Why the domain is changed, or why it is not; nil where there is nothing to say.
  var shownReason: JSONValue {
    if let rollout, let described {
      return [
        "code": .string(rollout.cause.word),
        "text": .string(DecisionText.cause(of: rollout, self, described)),
      ]
    }
    return reason?.json ?? .null
  }

  /// What is attached, as Cognito shows it or, where it could not be asked, as it was shown last.
  var attached: CertificateARN? { described?.attached ?? record.attached }

  /// The certificate that the domain is to have.
  var wanted: CertificateARN? { described == nil ? record.desired : chosen }
}
