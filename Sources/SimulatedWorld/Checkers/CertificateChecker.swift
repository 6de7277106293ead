import RolloutCore
import SimulatedAWS

/// No unsuitable certificate is ever attached, and none that is older than the one it replaces
/// unless something says so. Reads the rules once more from what the simulated AWS knows.
struct CertificateChecker: Sendable {
  let aws: FakeAWS
  let disk: DiskMirror
  let configuration: ConfigurationChecker
  let violations: Violations

  /// After an update had its effect.
  func attached(_ change: AttachmentChange) {
    let (name, at) = (change.domain, change.at)
    let certificates = aws.withCloud { $0.certificates }
    guard let new = certificates[change.to] else {
      return violations.record("attached \(change.to), which does not exist, to \(name)")
    }
    func require(_ holds: Bool, _ text: String) {
      violations.require(holds, "attached a certificate \(text) to \(name): \(change.to)")
    }
    require(change.certificateStatus == "ISSUED", "that is \(change.certificateStatus)")
    require(new.covers(name), "that does not cover it")
    require(new.region == "us-east-1", "of \(new.region)")
    require(new.type != "PRIVATE" && new.managedBy == nil, "that is private or managed")
    require(new.keyAlgorithm == "EC_prime256v1", "with a key of \(new.keyAlgorithm)")
    let leaf = new.issues.last { $0.since <= at }?.material
    require(
      leaf.map { $0.notBefore <= at && at < $0.notAfter && !$0.isSelfSigned } ?? false,
      "that is not valid now")
    guard let intent = disk.intent(for: name), intent.isFirst, change.from != change.to else {
      return
    }
    switch intent.rollout.cause {
    case .replacement: checkOrder(change, certificates)
    case .unusable: checkUnusable(change, certificates)
    case .pinned, .restore, .resubmit, .rollback: break
    case .other(let word): violations.record("a rollout of \(name) for the cause \(word)")
    }
  }

  private func checkOrder(
    _ change: AttachmentChange, _ certificates: [String: FakeCertificate]
  ) {
    guard let new = certificates[change.to], let old = certificates[change.from],
      let newStart = new.current?.notBefore, let oldStart = old.current?.notBefore
    else { return }
    violations.require(
      newStart > oldStart && new.createdAt > old.createdAt,
      "moved \(change.domain) to an older certificate: \(change.from) to \(change.to)")
  }

  /// An older certificate may replace one that can serve no longer.
  private func checkUnusable(
    _ change: AttachmentChange, _ certificates: [String: FakeCertificate]
  ) {
    guard let old = certificates[change.from], old.deletedAt == nil else { return }
    let isUsable = old.status(at: change.at) == "ISSUED" && old.covers(change.domain)
    let isDeselected = configuration.hasChangedSelector(change.domain)
    violations.require(
      !isUsable || isDeselected || isStepped(old, at: change.at),
      "replaced \(change.from) at \(change.domain) as unusable, and it is usable")
  }

  /// Whether a wall clock that is off by some hours may call the certificate expired.
  private func isStepped(_ certificate: FakeCertificate, at now: Instant) -> Bool {
    certificate.current.map { $0.notAfter < now + .hours(12) } ?? false
  }
}
