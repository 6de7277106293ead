import POSIX

/// A bounded number of threads for work that blocks, because the threads of Swift's own pool must not
/// block.
///
/// A thread starts when there is work for it and ends when there is none, so an idle pool has no
/// threads. While every thread is busy, further work waits in order.
final class ThreadPool: Sendable {
  private let limit: Int
  private let state = Guarded(State())

  /// In bytes. Resolvers and verifications need little; there may be a thousand threads.
  private static let stackSize = 512 << 10

  private struct State {
    var threads = 0
    var waiting: [@Sendable () -> Void] = []
  }

  init(limit: Int) {
    precondition(limit > 0, "a pool needs at least one thread")
    self.limit = limit
  }

  /// Lets a thread run `work`, and returns at once. Throws only when no thread runs and none can be
  /// started; otherwise a running thread takes the work later.
  func submit(_ work: @escaping @Sendable () -> Void) throws(EdgeProbeError) {
    try state.withLock { (state) throws(EdgeProbeError) in
      guard state.threads < limit else {
        state.waiting.append(work)
        return
      }
      do throws(SystemError) {
        try startThread(stackSize: ThreadPool.stackSize) { [shared = self.state] in
          ThreadPool.runLoop(on: shared, beginningWith: work)
        }
        state.threads += 1
      } catch {
        if state.threads == 0 { throw EdgeProbeError("no thread could be started: \(error)") }
        state.waiting.append(work)
      }
    }
  }

  /// Runs `work` on a thread and waits for its result without blocking one of Swift's threads.
  ///
  /// A cancelled task gets `ifCancelled` at once. Work that has not begun is then dropped; work that
  /// has begun continues to its own limits, and its result is ignored.
  func run<Value: Sendable>(
    ifCancelled: Value, _ work: @escaping @Sendable () -> Value
  ) async throws(EdgeProbeError) -> Value {
    let handoff = Handoff<Value>()
    let operation = { () async throws(EdgeProbeError) -> Value in
      try self.submit {
        if !handoff.isDelivered { handoff.deliver(work()) }
      }
      return await handoff.value()
    }
    let outcome = await withTaskCancellationHandler {
      do throws(EdgeProbeError) {
        return Result<Value, EdgeProbeError>.success(try await operation())
      } catch {
        return Result<Value, EdgeProbeError>.failure(error)
      }
    } onCancel: {
      handoff.deliver(ifCancelled)
    }
    return try outcome.get()
  }

  private static func runLoop(
    on state: Guarded<State>, beginningWith first: @Sendable () -> Void
  ) {
    first()
    while let work = state.withLock({ nextWork(&$0) }) { work() }
  }

  /// The next work; nil ends the thread.
  private static func nextWork(_ state: inout State) -> (@Sendable () -> Void)? {
    guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
    state.threads -= 1
    return nil
  }
}

/// A value that a thread delivers to the one task that awaits it. The first delivery counts.
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
          preconditionFailure("only one task awaits a handoff, and only once")
        }
      }
      if let delivered { continuation.resume(returning: delivered) }
    }
  }
}
