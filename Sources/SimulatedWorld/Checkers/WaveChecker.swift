import RolloutCore
import SimulatedAWS

/// No rollout that is not urgent begins while a domain of a lower wave is known to be unsettled.
struct WaveChecker: Sendable {
  let aws: FakeAWS
  let machine: WorldMachine
  let disk: DiskMirror
  let violations: Violations

  /// A decision is made a little before its intent is on disk.
  private static let slack = Duration.seconds(1)
  /// An end nearer than this makes a domain urgent; a clock that is off may see it earlier.
  private static let urgency = Duration.hours(72 + 12)

  func intended(_ intent: DiskMirror.Intent, in fleet: Fleet?) {
    guard intent.isFirst, let fleet,
      let mapping = fleet.mappings.first(where: { $0.domain.text == intent.domain })
    else { return }
    switch intent.rollout.cause {
    case .replacement, .pinned, .restore: break
    case .unusable, .resubmit, .rollback, .other: return
    }
    if isUrgent(intent.domain) { return }
    for other in fleet.mappings where other.wave < mapping.wave && other.mode == .apply {
      guard let since = disk.unsettledSince(other.domain.text),
        intent.committedAt - since > WaveChecker.slack
      else { continue }
      violations.record(
        "a rollout of \(intent.domain) (wave \(mapping.wave)) began while \(other.domain) (wave \(other.wave)) is unsettled"
      )
    }
  }

  func isUrgent(_ name: String) -> Bool {
    let now = machine.trueTime
    return aws.withCloud { cloud in
      guard let domain = cloud.domains[name],
        let certificate = cloud.certificates[domain.shownARN(at: now)]
      else { return true }
      let edges = cloud.edges(of: name, at: now).compactMap { $0.material?.notAfter }
      let ends = edges + [certificate.current?.notAfter].compactMap { $0 }
      return certificate.status(at: now) != "ISSUED" || certificate.deletedAt != nil
        || ends.contains { $0.since(now) < WaveChecker.urgency }
    }
  }

  func endsSoon(_ end: Instant) -> Bool { end.since(machine.trueTime) < WaveChecker.urgency }
}
