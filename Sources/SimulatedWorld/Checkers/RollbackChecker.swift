import POSIX
import RolloutCore

/// A certificate is left by a rollback at most once, and is not chosen again until an operator's
/// `retry`, or until a person attaches it.
final class RollbackChecker: Sendable {
  private let left = Guarded<[String: Set<CertificateARN>]>([:])
  private let violations: Violations

  init(violations: Violations) { self.violations = violations }

  func intended(_ intent: DiskMirror.Intent) {
    guard intent.isFirst else { return }
    let (name, rollout) = (intent.domain, intent.rollout)
    switch rollout.cause {
    case .rollback:
      guard let failed = rollout.previous else {
        return violations.record("a rollback of \(name) leaves nothing")
      }
      let isFirst = left.withLock { $0[name, default: []].insert(failed).inserted }
      violations.require(isFirst, "\(name) was rolled back from \(failed) twice")
    case .replacement, .unusable, .restore, .resubmit:
      let wasLeft = left.withLock { $0[name]?.contains(rollout.certificate) ?? false }
      violations.require(
        !wasLeft, "\(rollout.certificate) was chosen for \(name) again after a rollback")
    case .pinned, .other: break
    }
  }

  /// A person decides again.
  func forgets(_ name: String) { left.withLock { $0[name] = nil } }
}
