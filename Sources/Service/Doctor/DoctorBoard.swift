import POSIX
import RolloutCore

/// The checks that have ended, and those that are under way. Those that have not ended when the time is
/// over are named.
final class DoctorBoard: Sendable {
  private let state = Guarded(State())

  private struct State {
    var ended: [DoctorCheck] = []
    var underWay: [Int: DoctorCheck] = [:]
    var next = 0
  }

  func note(_ checks: [DoctorCheck]) { state.withLock { $0.ended += checks } }

  /// Runs a check. What it says after its task was cancelled is of the cancellation, and does not
  /// count.
  func run(
    _ kind: DoctorCheck.Kind, _ object: String, _ body: () async -> [DoctorCheck]
  ) async {
    let id = state.withLock { state in
      state.next += 1
      state.underWay[state.next] = DoctorCheck(kind, object, .untested, "")
      return state.next
    }
    let checks = await body()
    if Task.isCancelled { return }
    state.withLock { state in
      state.underWay[id] = nil
      state.ended += checks
    }
  }

  /// - Parameter limit: the time after which the others were cut off.
  func checks(after limit: Duration) -> [DoctorCheck] {
    state.withLock { state in
      state.ended
        + state.underWay.values.map { check in
          DoctorCheck(
            check.kind, check.object, .untested, "cut off: no answer within \(limit.compact)",
            fix: "see what hangs: the checks that failed, a name server, a proxy; then try again")
        }
    }
  }
}
