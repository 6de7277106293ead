import RolloutCore

/// Every call has an intent on disk that names its certificate, and an intent has one call.
struct IntentChecker: Sendable {
  let disk: DiskMirror
  let violations: Violations

  /// A call that was refused because of the signing time may be signed again.
  private static let callsForAnIntent = 2

  /// Before an update reaches AWS.
  func begins(_ call: WorldCall) {
    let rollout = disk.record(of: call.domain)?.rollout
    var isSubmitting = false
    if case .submitting = rollout?.phase { isSubmitting = true }
    violations.require(
      isSubmitting && rollout?.certificate.text == call.certificate,
      "a call without a journalled intent: \(call.domain) to \(call.certificate)")
    disk.noteCall(for: call.domain)
    let calls = disk.intent(for: call.domain)?.calls ?? 0
    violations.require(
      calls <= IntentChecker.callsForAnIntent, "\(calls) calls for one intent of \(call.domain)")
  }
}
