import Narration
import POSIX
import Reconciliation
import RolloutCore
import VirtualTime

/// Records what the loop shows, and when.
final class FakeReport: ReportPort {
  struct Line: Sendable {
    let at: Duration
    let event: Event
  }

  private struct State {
    var lines: [Line] = []
    var signsOfLife: [Duration] = []
    var looksBegan = 0
    var goodPolls: [Instant] = []
    var proofs: [Duration] = []
    var onEvent: (@Sendable (Event) -> Void)?
  }

  private let executor: VirtualExecutor
  private let state = Guarded(State())

  init(_ executor: VirtualExecutor) { self.executor = executor }

  var lines: [Line] { state.withLock { $0.lines } }
  var signsOfLife: [Duration] { state.withLock { $0.signsOfLife } }
  var looksBeganCount: Int { state.withLock { $0.looksBegan } }
  var goodPolls: [Instant] { state.withLock { $0.goodPolls } }
  /// The durations of proven rollouts.
  var proofs: [Duration] { state.withLock { $0.proofs } }

  func lines(_ kind: Event.Kind, of domain: DomainName? = nil) -> [Line] {
    lines.filter { line in
      line.event.kind == kind
        && (domain == nil || line.event.fields[.domain] == domain?.text)
    }
  }

  /// Lines that an operator sees at the default level.
  var visibleLines: [Line] { lines.filter { $0.event.level != .debug } }

  func onEachEvent(_ body: @escaping @Sendable (Event) -> Void) {
    state.withLock { $0.onEvent = body }
  }

  func emit(_ event: Event) {
    let now = executor.uptime
    let body = state.withLock { state in
      state.lines.append(Line(at: now, event: event))
      return state.onEvent
    }
    body?(event)
  }

  func alive() {
    let now = executor.uptime
    state.withLock { $0.signsOfLife.append(now) }
  }

  func status(_ line: String) {}
  func looksBegan() { state.withLock { $0.looksBegan += 1 } }
  func hostErrorChanged(to error: Duration) {}

  func rolloutProven(after duration: Duration) {
    state.withLock { $0.proofs.append(duration) }
  }

  func pollSucceeded(at instant: Instant) {
    state.withLock { $0.goodPolls.append(instant) }
  }
}
