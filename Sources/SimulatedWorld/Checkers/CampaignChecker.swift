import POSIX
import Reconciliation
import RolloutCore

/// The limits of a fleet, read once more from what is on disk: `max_in_flight` is never exceeded but
/// by urgent rollouts, no rollout begins in a stopped wave, enough failures stop one, and `wave_soak`
/// is kept.
final class CampaignChecker: Sendable {
  private struct State {
    var records: [DomainName: DomainRecord] = [:]
    var stops: Set<Int> = []
  }

  private let state = Guarded(State())
  private let waves: WaveChecker
  private let violations: Violations

  init(waves: WaveChecker, violations: Violations) {
    self.waves = waves
    self.violations = violations
  }

  /// Clocks that are wrong by less than 5 minutes decide, before a restart and after it.
  private static let clockError = Duration.minutes(11)

  func committed(_ change: StateChange, _ intents: [DiskMirror.Intent], in fleet: Fleet?) {
    let (state, failed) = state.withLock { state in
      var failed: Set<Int> = []
      for record in change.records {
        if let failure = record.failure, failure != state.records[record.domain]?.failure {
          failed.insert(failure.wave)
        }
        state.records[record.domain] = record
      }
      state.stops.subtract(change.resumedWaves)
      state.stops.formUnion(change.stops.map(\.wave))
      return (state, failed)
    }
    guard let fleet else { return }
    for wave in failed { checkStop(of: wave, state, fleet) }
    for intent in intents { check(intent, state, fleet) }
  }

  private func checkStop(of wave: Int, _ state: State, _ fleet: Fleet) {
    let limit = fleet.pacing.stopAfterFailures
    let failures = fleet.mappings.filter { $0.wave == wave }.compactMap { mapping in
      state.records[mapping.domain]?.failure.flatMap { $0.wave == wave ? $0.count : nil }
    }.reduce(0, +)
    if limit == 0 || failures < limit { return }
    violations.require(
      state.stops.contains(wave), "wave \(wave) goes on after \(failures) failed rollouts")
  }

  private func check(_ intent: DiskMirror.Intent, _ state: State, _ fleet: Fleet) {
    guard let mapping = fleet.mappings.first(where: { $0.domain.text == intent.domain }),
      intent.rollout.cause != .rollback
    else { return }
    if intent.rollout.isUrgent {
      // The edges may serve another leaf since they were looked at.
      let served = state.records[mapping.domain]?.served ?? []
      let isUrgent =
        intent.rollout.cause == .unusable || waves.isUrgent(intent.domain)
        || served.contains { waves.endsSoon($0.notAfter) }
      return violations.require(isUrgent, "a rollout of \(intent.domain) claims to be urgent")
    }
    let limit = fleet.pacing.maxInFlight
    let inFlight = fleet.mappings.count { CampaignChecker.isInFlight(state.records[$0.domain]) }
    violations.require(
      limit == 0 || inFlight <= limit,
      "\(inFlight) rollouts are in flight with that of \(intent.domain), the limit is \(limit)")
    guard intent.isFirst else { return }
    let stopped = state.stops.filter { $0 <= mapping.wave }
    violations.require(
      stopped.isEmpty, "a rollout of \(intent.domain) began, and wave \(stopped) is stopped")
    checkSoak(intent, mapping, fleet)
  }

  private func checkSoak(_ intent: DiskMirror.Intent, _ mapping: Mapping, _ fleet: Fleet) {
    for other in fleet.mappings where other.wave < mapping.wave && other.mode == .apply {
      guard let provenAt = waves.disk.provenAt(other.domain.text) else { continue }
      let age = intent.committedAt - provenAt
      violations.require(
        age + CampaignChecker.clockError >= fleet.pacing.waveSoak,
        "a rollout of \(intent.domain) began \(age) after the proof of \(other.domain)")
    }
  }

  /// The definition, once more: a call may be at work, or its certificate is being distributed.
  private static func isInFlight(_ record: DomainRecord?) -> Bool {
    guard let rollout = record?.rollout, !rollout.isUrgent else { return false }
    return switch rollout.phase {
    case .submitting, .propagating: true
    case .retrying(let retry): retry.lost != nil
    case .overdue, .refused, .completed, .superseded, .abandoned, .other: false
    }
  }
}
