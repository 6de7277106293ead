import POSIX
import Reconciliation
import RolloutCore

/// What the state file holds, as of the last commit, and every intent in it.
final class DiskMirror: Sendable {
  /// A journalled call.
  struct Intent: Sendable {
    let domain: String
    let rollout: Rollout
    let committedAt: Duration
    /// Calls that were made for it.
    var calls = 0

    /// Whether it is the first call of its rollout.
    var isFirst: Bool { rollout.attempts == 1 }
  }

  private struct State {
    var records: [String: DomainRecord] = [:]
    /// Since when each domain's record is unsettled.
    var unsettledSince: [String: Duration] = [:]
    var intents: [String: Intent] = [:]
    /// When each proof came to disk, with the rollout that it is of.
    var proofs: [String: (rollout: String, at: Duration)] = [:]
    var commits = 0
  }

  private let state = Guarded(State())
  private let machine: WorldMachine

  init(machine: WorldMachine) { self.machine = machine }

  /// Takes over a committed change, and returns the intents that are new in it.
  func note(_ change: StateChange) -> [Intent] {
    let now = machine.uptime
    return state.withLock { state in
      state.commits += 1
      return change.records.compactMap { record in
        let name = record.domain.text
        state.records[name] = record
        if let rollout = record.rollout, case .completed = rollout.phase,
          state.proofs[name]?.rollout != rollout.id
        {
          state.proofs[name] = (rollout.id, now)
        }
        if DiskMirror.isSettled(record) {
          state.unsettledSince[name] = nil
        } else if state.unsettledSince[name] == nil {
          state.unsettledSince[name] = now
        }
        guard let rollout = record.rollout, case .submitting = rollout.phase else { return nil }
        let known = state.intents[name]?.rollout
        if known?.id == rollout.id, known?.attempts == rollout.attempts { return nil }
        let intent = Intent(domain: name, rollout: rollout, committedAt: now)
        state.intents[name] = intent
        return intent
      }
    }
  }

  /// When the latest rollout of the domain was proven; nil while it is not.
  func provenAt(_ domain: String) -> Duration? {
    state.withLock { state in
      guard let rollout = state.records[domain]?.rollout, case .completed = rollout.phase else {
        return nil
      }
      return state.proofs[domain]?.at
    }
  }

  var commits: Int { state.withLock { $0.commits } }

  func record(of domain: String) -> DomainRecord? { state.withLock { $0.records[domain] } }

  func unsettledSince(_ domain: String) -> Duration? {
    state.withLock { $0.unsettledSince[domain] }
  }

  /// The latest intent for the domain.
  func intent(for domain: String) -> Intent? { state.withLock { $0.intents[domain] } }

  /// Counts a call that is made for the latest intent.
  func noteCall(for domain: String) { state.withLock { $0.intents[domain]?.calls += 1 } }

  /// The rule of the waves, read once more: in sync, or held with nothing to do.
  private static func isSettled(_ record: DomainRecord) -> Bool {
    switch record.condition {
    case .inSync: return true
    case .held:
      let isOpen =
        switch record.rollout?.phase {
        case .submitting, .retrying, .propagating, .overdue, .refused: true
        case .completed, .superseded, .abandoned, .other, nil: false
        }
      return record.desired == record.attached && !isOpen
    case .pending, .submitting, .propagating, .retrying, .overdue, .refused, .noCandidate,
      .unknown, .drifted, .unserved, .other:
      return false
    }
  }
}
