import POSIX

/// A bounded number of threads for work that blocks, which the threads of Swift's own pool
/// must not do.
///
/// A thread is started when there is work for it and ends when there is none, so an idle crew
/// holds nothing. What finds every thread busy waits its turn, first come first served.
final class WorkerCrew: Sendable {
  private let limit: Int
  private let state = Guarded(State())

  private struct State {
    var threads = 0
    var waiting: [@Sendable () -> Void] = []
  }

  init(limit: Int) {
    precondition(limit > 0, "a crew of none does nothing")
    self.limit = limit
  }

  /// Has a thread run `work`, and returns at once. Throws only when there is no thread to run
  /// it: while any is at work, it takes what waits after its own.
  func submit(_ work: @escaping @Sendable () -> Void) throws(StepFailure) {
    try state.withLock { (state) throws(StepFailure) in
      guard state.threads < limit else {
        state.waiting.append(work)
        return
      }
      do throws(SystemError) {
        try startThread { [shared = self.state] in
          WorkerCrew.work(on: shared, beginningWith: work)
        }
        state.threads += 1
      } catch {
        if state.threads == 0 { throw StepFailure("no thread could be started: \(error)") }
        state.waiting.append(work)
      }
    }
  }

  /// Runs `work` on a thread and waits for its result without holding one of Swift's.
  ///
  /// A cancelled task gets `ifCancelled` at once. Work that has not begun is then dropped; work
  /// that has goes on to its own limits, and no one waits for it.
  func run<Value: Sendable>(
    ifCancelled: Value, _ work: @escaping @Sendable () -> Value
  ) async throws(StepFailure) -> Value {
    let handoff = Handoff<Value>()
    let operation = { () async throws(StepFailure) -> Value in
      try self.submit {
        if !handoff.isDelivered { handoff.deliver(work()) }
      }
      return await handoff.value()
    }
    let outcome = await withTaskCancellationHandler {
      do throws(StepFailure) {
        return Result<Value, StepFailure>.success(try await operation())
      } catch {
        return Result<Value, StepFailure>.failure(error)
      }
    } onCancel: {
      handoff.deliver(ifCancelled)
    }
    return try outcome.get()
  }

  private static func work(
    on state: Guarded<State>, beginningWith first: @Sendable () -> Void
  ) {
    first()
    while let work = state.withLock({ takeNextOrEnd(&$0) }) { work() }
  }

  private static func takeNextOrEnd(_ state: inout State) -> (@Sendable () -> Void)? {
    guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
    state.threads -= 1
    return nil
  }
}

/// A value that a thread delivers to the one task that awaits it; the first delivery counts.
private final class Handoff<Value: Sendable>: Sendable {
  private let state = Guarded(State.empty)

  private enum State {
    case empty
    case awaited(CheckedContinuation<Value, Never>)
    case delivered(Value)
    case done
  }

  var isDelivered: Bool {
    state.withLock { state in
      switch state {
      case .empty, .awaited: false
      case .delivered, .done: true
      }
    }
  }

  func deliver(_ value: Value) {
    let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
      switch state {
      case .empty:
        state = .delivered(value)
        return nil
      case .awaited(let continuation):
        state = .done
        return continuation
      case .delivered, .done:
        return nil
      }
    }
    waiting?.resume(returning: value)
  }

  func value() async -> Value {
    await withCheckedContinuation { continuation in
      let delivered = state.withLock { state -> Value? in
        switch state {
        case .empty:
          state = .awaited(continuation)
          return nil
        case .delivered(let value):
          state = .done
          return value
        case .awaited, .done:
          preconditionFailure("one task awaits a handoff, once")
        }
      }
      if let delivered { continuation.resume(returning: delivered) }
    }
  }
}
