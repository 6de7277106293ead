import Glibc
package import POSIX
import RolloutCore

/// Runs all tasks of one simulated world on one thread, one job at a time, under virtual time.
///
/// Among the jobs that are ready, a generator with a seed picks the next one. Virtual time moves
/// only when no job is ready, and then to the earliest timer. The same seed therefore gives the
/// same history, as long as the world keeps to these rules:
///
/// - It uses structured concurrency: task groups, discarding task groups and `async let` inherit
///   the executor, and a default actor runs on the executor of the task that calls it.
/// - `Task {}` and `Task.detached {}` do **not** inherit it: they run on the global pool. Write
///   `Task(executorPreference: executor)`, or a task group. `@MainActor` and actors with a custom
///   executor leave it too.
/// - It waits with `sleep(for:)` and `schedule(after:_:)`. `Task.sleep` waits in real time and
///   is ended by a foreign thread.
/// - It waits for other threads (a database queue, for one) within `outside(_:)` only.
/// - No actor is shared by two worlds.
///
/// `strayJobs` counts the jobs that other threads enqueued against these rules. A test of a world
/// expects zero. Code that has left the executor and never comes back is not seen by it.
///
/// An actor that nobody uses is entered without a suspension: `await actor.method()` is a point
/// of interleaving only if the actor is busy. Tasks interleave where they really suspend: at a
/// sleep, a continuation, `Task.yield()`, a child task.
package final class VirtualExecutor: TaskExecutor {
  package enum Failure: Error, CustomStringConvertible {
    /// No job is ready, there is no timer, and the body of `run` has not returned.
    case deadlock(uptime: Duration)
    /// A body of `outside(_:)` waits, and no other thread has resumed it.
    case noAnswerFromOutside(uptime: Duration)
    case system(SystemError)

    package var description: String {
      switch self {
      case .deadlock(let uptime):
        "deadlock at virtual time \(uptime): every task waits, and there is no timer"
      case .noAnswerFromOutside(let uptime):
        "no answer at virtual time \(uptime): a task waits for another thread that is silent"
      case .system(let error):
        "the virtual executor could not be started: \(error)"
      }
    }
  }

  private let state: Guarded<State>
  private let patience: Duration

  /// `patience` is the real time for which an idle world waits for another thread before it is
  /// reported as a deadlock.
  package init(seed: UInt64, patience: Duration = .seconds(10)) {
    state = Guarded(State(dice: Dice(seed: seed)))
    self.patience = patience
  }

  /// The virtual time since the executor was made.
  package var uptime: Duration { state.withLock { $0.uptime } }

  /// How many jobs other threads have enqueued during a run, outside of `outside(_:)`.
  package var strayJobs: Int { state.withLock { $0.strayJobs } }

  /// How many jobs have run.
  package var jobsRun: Int { state.withLock { $0.jobsRun } }

  /// Runs `body` and all tasks that it starts on a thread of their own, and returns when `body`
  /// has returned and no job is ready.
  ///
  /// `body` sees the task-local values of the caller, so that `#expect` works in it. When the
  /// caller's task is cancelled, so is the task of `body`. Timers that are left do not run,
  /// unless `run` is called again, one call after the other. After a failure the tasks that
  /// wait are left suspended, and the executor is of no further use.
  package func run<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value
  ) async throws(Failure) -> Value {
    let wakeup: Wakeup
    do { wakeup = try Wakeup() } catch { throw .system(error) }
    state.withLock { state in
      precondition(state.wakeup == nil, "one run at a time")
      state.wakeup = wakeup
      state.hasEnded = false
      state.rootIsToBeCancelled = false
    }
    defer { state.withLock { $0.wakeup = nil } }

    let result = Guarded<Value?>(nil)
    let root = Task(executorPreference: self, priority: .medium) { [state] in
      let value = await body()
      result.withLock { $0 = value }
      state.withLock { $0.hasEnded = true }
    }
    let failure = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Failure?, Never>) in
        do throws(SystemError) {
          try startThread { continuation.resume(returning: self.runJobs(of: root, wakeup)) }
        } catch {
          continuation.resume(returning: .system(error))
        }
      }
    } onCancel: {
      // The root is cancelled on the executor's thread, so that its handlers run there.
      state.withLock { $0.rootIsToBeCancelled = true }
      wakeup.signal()
    }
    if let failure { throw failure }
    guard let value = result.withLock({ $0 }) else {
      preconditionFailure("a run without a failure has a result")
    }
    return value
  }

  /// Suspends the task until the virtual time has come, or the task is cancelled.
  ///
  /// A duration of zero or less lets every job that is ready run first.
  package func sleep(for duration: Duration) async {
    let id = state.withLock { $0.timers.makeID() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // The flag is set before the handler runs. Either it is seen here, or the handler comes
        // for the lock later and finds the timer.
        let sleeps = state.withLock { state in
          guard !Task.isCancelled else { return false }
          state.timers.add(id, at: state.uptime + max(duration, .zero), .resume(continuation))
          return true
        }
        if !sleeps { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.timers.cancel(id) }?.perform()
    }
  }

  /// Runs `body` on the executor's thread, in no task, when the virtual time has come.
  package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    state.withLock { state in
      let id = state.timers.makeID()
      state.timers.add(id, at: state.uptime + max(delay, .zero), .call(body))
    }
  }

  /// Runs `body`, which waits for other threads, while the rest of the world stands still.
  ///
  /// No other task runs and no virtual time passes until `body` returns, so that it does not
  /// matter how long the other thread takes. `body` must do one thing after the other, and must
  /// wait neither for a virtual time nor for another task of the world or an actor that it uses.
  package func outside<Value: Sendable, Problem>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    state.withLock { $0.outsideCalls += 1 }
    defer { state.withLock { $0.outsideCalls -= 1 } }
    return try await body()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { state in
      let isForeign = state.thread.map { pthread_equal($0, pthread_self()) == 0 } ?? false
      if state.outsideCalls > 0 {
        state.arrived.append(job)
      } else {
        state.ready.append(job)
        if isForeign { state.strayJobs += 1 }
      }
      return isForeign ? state.wakeup : nil
    }?.signal()
  }

  /// The thread of a run: returns when the root has ended, or with the reason why it cannot.
  private func runJobs(of root: Task<Void, Never>, _ wakeup: Wakeup) -> Failure? {
    state.withLock { $0.thread = pthread_self() }
    defer { state.withLock { $0.thread = nil } }
    while true {
      switch state.withLock({ $0.takeStep() }) {
      case .run(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .perform(let actions): for action in actions { action.perform() }
      case .cancelRoot: root.cancel()
      case .end: return nil
      case .wait(let failure): if !wakeup.wait(atMost: patience) { return failure }
      }
    }
  }
}

private enum Step {
  case run(UnownedJob)
  case perform([TimerAction])
  case cancelRoot
  case end
  /// Another thread may still enqueue a job. If none does, this is the failure.
  case wait(VirtualExecutor.Failure)
}

private struct State {
  var dice: Dice
  var uptime: Duration = .zero
  /// From these the generator picks.
  var ready: [UnownedJob] = []
  /// What was enqueued during a call of `outside`: it runs in this order, and before the rest.
  var arrived: [UnownedJob] = []
  var outsideCalls = 0
  var timers = TimerQueue()
  var thread: pthread_t?
  var wakeup: Wakeup?
  var rootIsToBeCancelled = false
  var hasEnded = false
  var strayJobs = 0
  var jobsRun = 0

  init(dice: Dice) { self.dice = dice }

  mutating func takeStep() -> Step {
    if rootIsToBeCancelled {
      rootIsToBeCancelled = false
      return .cancelRoot
    }
    if !arrived.isEmpty {
      jobsRun += 1
      return .run(arrived.removeFirst())
    }
    if outsideCalls > 0 { return .wait(.noAnswerFromOutside(uptime: uptime)) }
    if !ready.isEmpty {
      jobsRun += 1
      ready.swapAt(Int(dice.next(upperBound: UInt64(ready.count))), ready.count - 1)
      return .run(ready.removeLast())
    }
    if hasEnded { return .end }
    if let (time, actions) = timers.takeEarliest() {
      uptime = time
      return .perform(actions)
    }
    return .wait(.deadlock(uptime: uptime))
  }
}

private enum TimerAction: Sendable {
  case resume(CheckedContinuation<Void, Never>)
  case call(@Sendable () -> Void)

  func perform() {
    switch self {
    case .resume(let continuation): continuation.resume()
    case .call(let body): body()
    }
  }
}

/// A binary heap of times, with what is to be done at each. A cancelled timer loses its action
/// at once, and its place in the heap when it reaches the top.
private struct TimerQueue {
  private struct Entry {
    let time: Duration
    let id: UInt64

    /// Timers of the same time keep the order in which they were registered.
    func precedes(_ other: Entry) -> Bool {
      time == other.time ? id < other.id : time < other.time
    }
  }

  private var heap: [Entry] = []
  private var actions: [UInt64: TimerAction] = [:]
  private var lastID: UInt64 = 0

  mutating func makeID() -> UInt64 {
    lastID += 1
    return lastID
  }

  mutating func add(_ id: UInt64, at time: Duration, _ action: TimerAction) {
    actions[id] = action
    let entry = Entry(time: time, id: id)
    heap.append(entry)
    var hole = heap.count - 1
    while hole > 0 {
      let parent = (hole - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = entry
  }

  mutating func cancel(_ id: UInt64) -> TimerAction? { actions.removeValue(forKey: id) }

  /// The earliest time, and all that is due then in the order of registration.
  mutating func takeEarliest() -> (time: Duration, actions: [TimerAction])? {
    var due: [TimerAction] = []
    var time: Duration?
    while let first = heap.first, time == nil || time == first.time {
      removeFirst()
      guard let action = actions.removeValue(forKey: first.id) else { continue }
      time = first.time
      due.append(action)
    }
    return time.map { ($0, due) }
  }

  private mutating func removeFirst() {
    let entry = heap.removeLast()
    if heap.isEmpty { return }
    var hole = 0
    while 2 * hole + 1 < heap.count {
      var child = 2 * hole + 1
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(entry) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = entry
  }
}

/// Lets other threads wake the executor's thread. It is a pair of sockets, because the
/// wait for a descriptor has a limit without a clock being read.
private final class Wakeup: Sendable {
  private let reader: Int32
  private let writer: Int32

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else { throw .last }
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    close(reader)
    close(writer)
  }

  func signal() {
    var byte: UInt8 = 0
    // If the buffer is full, the thread wakes in any case.
    _ = write(writer, &byte, 1)
  }

  /// Returns false if no signal came in time.
  func wait(atMost limit: Duration) -> Bool {
    var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, Int32(clamping: Int64(limit / .milliseconds(1)))) != 0 else {
      return false
    }
    var bytes: [UInt8] = Array(repeating: 0, count: 64)
    _ = read(reader, &bytes, bytes.count)
    return true
  }
}
