import Glibc
import POSIX
import RolloutCore
import Testing
import VirtualTime

@Suite("The virtual executor", .timeLimit(.minutes(1)))
struct VirtualExecutorTests {
  // MARK: One thread

  @Test(
    "Task groups, async let, actors, continuations and cancellation handlers stay on its thread")
  func oneThread() async throws {
    let executor = VirtualExecutor(seed: 1)
    let places = Places()
    let counter = Counter()
    try await executor.run {
      places.note("root")
      await withTaskGroup(of: Int.self) { group in
        for child in 0..<10 {
          group.addTask {
            places.note("child")
            await executor.sleep(for: .seconds(child % 3))
            places.note("child after a sleep")
            await counter.add(places, executor)
            places.note("child after an actor")
            return child
          }
        }
        var sum = 0
        for await child in group { sum += child }
        #expect(sum == 45)
        places.note("parent after next")
      }
      await withDiscardingTaskGroup { group in
        for _ in 0..<10 {
          group.addTask {
            places.note("discarding child")
            await counter.add(places, executor)
          }
        }
      }
      async let one = places.double(1, executor)
      async let two = places.double(2, executor)
      #expect(await one + two == 6)
      await withCheckedContinuation { continuation in
        executor.schedule(after: .seconds(1)) {
          places.note("scheduled body")
          continuation.resume()
        }
      }
      places.note("after a continuation")
      await Task.yield()
      places.note("after a yield")
      let (stream, input) = AsyncStream.makeStream(of: Int.self)
      executor.schedule(after: .seconds(1)) {
        input.yield(7)
        input.finish()
      }
      for await number in stream {
        #expect(number == 7)
        places.note("element of a stream")
      }
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await withTaskCancellationHandler {
            await executor.sleep(for: .seconds(3600))
            places.note("cancelled child")
          } onCancel: {
            places.note("cancellation handler")
          }
        }
        await executor.sleep(for: .seconds(1))
        group.cancelAll()
      }
      let task = Task(executorPreference: executor) {
        places.note("task with a preference")
        await executor.sleep(for: .seconds(1))
        places.note("task with a preference after a sleep")
      }
      await task.value
    }
    #expect(places.threads == 1, "\(places.byThread)")
    #expect(places.count == 18)
    #expect(await counter.value == 20)
    #expect(executor.strayJobs == 0)
  }

  @Test("Plain tasks and detached tasks run on other threads")
  func unstructured() async throws {
    // The pool that they run on is shared with every other test.
    let executor = VirtualExecutor(seed: 1, patience: .seconds(120))
    let places = Places()
    try await executor.run {
      places.note("root")
      await Task { places.note("plain") }.value
      await Task.detached { places.note("detached") }.value
    }
    #expect(places.threadsOf("root").isDisjoint(with: places.threadsOf("plain")))
    #expect(places.threadsOf("root").isDisjoint(with: places.threadsOf("detached")))
  }

  @Test("An executor is freed after its run, and can run several bodies one after the other")
  func freed() async throws {
    weak var freed: VirtualExecutor?
    func runTwice() async throws {
      let executor = VirtualExecutor(seed: 1)
      freed = executor
      for seconds in [1, 2] {
        let end = try await executor.run {
          await executor.sleep(for: .seconds(1))
          return executor.uptime
        }
        #expect(end == .seconds(seconds))
      }
    }
    try await runTwice()
    // The thread lets go of it a moment after the result is there.
    while freed != nil { await Task.yield() }
  }

  // MARK: Time

  @Test("A year passes at once, and only while nothing is ready")
  func time() async throws {
    let executor = VirtualExecutor(seed: 1)
    let times = try await executor.run {
      let start = executor.uptime
      await executor.sleep(for: .seconds(365 * 86400))
      let year = executor.uptime
      await executor.sleep(for: .zero)
      await executor.sleep(for: .seconds(-5))
      return [start, year, executor.uptime]
    }
    #expect(times == [.zero, .seconds(365 * 86400), .seconds(365 * 86400)])
  }

  @Test("Timers run by time, and those of one time in the order of registration")
  func order() async throws {
    let executor = VirtualExecutor(seed: 1)
    let seen = Guarded<[String]>([])
    try await executor.run {
      for (index, delay) in [5, 3, 9, 3, 0, 5, 3].enumerated() {
        executor.schedule(after: .seconds(delay)) {
          let now = executor.uptime.components.seconds
          seen.withLock { $0.append("\(now):\(index)") }
        }
      }
      await executor.sleep(for: .seconds(9))
    }
    #expect(seen.withLock { $0 } == ["0:4", "3:1", "3:3", "3:6", "5:0", "5:5", "9:2"])
  }

  @Test("Fifty thousand sleeps take little real time")
  func manySleeps() async throws {
    let executor = VirtualExecutor(seed: 1)
    let clock = ContinuousClock()
    let start = clock.now
    try await executor.run {
      await withDiscardingTaskGroup { group in
        for child in 0..<500 {
          group.addTask {
            var dice = Dice(seed: UInt64(child))
            for _ in 0..<100 {
              await executor.sleep(for: .milliseconds(Int(dice.next() % 1_000_000)))
            }
          }
        }
      }
    }
    #expect(executor.jobsRun >= 50_000)
    #expect(clock.now - start < .seconds(30))
  }

  @Test("Fifty thousand timers at once take little real time")
  func manyTimers() async throws {
    let executor = VirtualExecutor(seed: 1)
    let clock = ContinuousClock()
    let start = clock.now
    let calls = Guarded(0)
    try await executor.run {
      for timer in 0..<50_000 {
        executor.schedule(after: .milliseconds(timer &* 7919 % 1_000_003)) {
          calls.withLock { $0 += 1 }
        }
      }
      await executor.sleep(for: .seconds(1001))
    }
    #expect(calls.withLock { $0 } == 50_000)
    #expect(clock.now - start < .seconds(30))
  }

  // MARK: Cancellation

  @Test("A cancelled sleep returns at once, and no virtual time passes for it")
  func cancelledSleep() async throws {
    let executor = VirtualExecutor(seed: 1)
    let end = try await executor.run {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await executor.sleep(for: .seconds(3600)) }
        await executor.sleep(for: .seconds(2))
        group.cancelAll()
        // Its task is cancelled before it begins.
        group.addTask { await executor.sleep(for: .seconds(3600)) }
        await group.waitForAll()
      }
      return executor.uptime
    }
    #expect(end == .seconds(2))
  }

  @Test("The cancelled caller of a run cancels its body, on the executor's thread")
  func cancelledRun() async throws {
    let executor = VirtualExecutor(seed: 1)
    let places = Places()
    let started = Guarded(false)
    let caller = Task {
      try await executor.run {
        places.note("root")
        started.withLock { $0 = true }
        return await withTaskCancellationHandler {
          while !Task.isCancelled { await executor.sleep(for: .seconds(1)) }
          return Task.isCancelled
        } onCancel: {
          places.note("handler")
        }
      }
    }
    while !started.withLock({ $0 }) { await Task.yield() }
    caller.cancel()
    #expect(try await caller.value)
    #expect(places.threads == 1)
    #expect(places.count == 2)
  }

  @Test("A sleep that ends while another thread cancels it is resumed once")
  func racingCancellation() async throws {
    for seed in 0..<200 as Range<UInt64> {
      let executor = VirtualExecutor(seed: seed)
      let tasks = Guarded<[Task<Void, Never>]>([])
      async let cancelling: Void = Task.detached {
        for _ in 0..<50 {
          for task in tasks.withLock({ $0 }) { task.cancel() }
          await Task.yield()
        }
      }.value
      try await executor.run {
        for child in 1...20 {
          let task = Task(executorPreference: executor) {
            for _ in 0..<20 { await executor.sleep(for: .seconds(child)) }
          }
          tasks.withLock { $0.append(task) }
        }
        for task in tasks.withLock({ $0 }) { await task.value }
      }
      await cancelling
    }
  }

  // MARK: Interleaving

  @Test("The same seed gives the same history, 50 times in a row")
  func sameSeed() async throws {
    let first = try await history(seed: 42)
    #expect(first.count == 20 * 10 * 2)
    for _ in 0..<50 { #expect(try await history(seed: 42) == first) }
  }

  @Test("Different seeds give different histories")
  func differentSeeds() async throws {
    var histories: Set<[String]> = []
    for seed in 0..<50 as Range<UInt64> { histories.insert(try await history(seed: seed)) }
    #expect(histories.count == 50)
  }

  @Test("The seed alone decides in which order tasks go on that wake at the same time")
  func sameInstant() async throws {
    var orders: Set<[Int]> = []
    for seed in 0..<200 as Range<UInt64> {
      let executor = VirtualExecutor(seed: seed)
      let order = try await executor.run {
        let order = Guarded<[Int]>([])
        await withDiscardingTaskGroup { group in
          for child in 0..<3 {
            group.addTask {
              await executor.sleep(for: .seconds(1))
              order.withLock { $0.append(child) }
            }
          }
        }
        return order.withLock { $0 }
      }
      orders.insert(order)
    }
    #expect(orders.count == 6)
  }

  @Test("Worlds that run in parallel do not disturb each other")
  func parallelWorlds() async throws {
    var alone: [[String]] = []
    for seed in 0..<16 as Range<UInt64> { alone.append(try await history(seed: seed)) }
    let together = try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
      for index in 0..<64 {
        group.addTask { (index, try await history(seed: UInt64(index % 16))) }
      }
      return try await group.reduce(into: [Int: [String]]()) { $0[$1.0] = $1.1 }
    }
    for index in 0..<64 { #expect(together[index] == alone[index % 16]) }
  }

  // MARK: Deadlocks and other threads

  @Test("A deadlock is reported with its virtual time")
  func deadlock() async throws {
    let executor = VirtualExecutor(seed: 1, patience: .milliseconds(50))
    let error = await #expect(throws: VirtualExecutor.Failure.self) {
      try await executor.run {
        await executor.sleep(for: .seconds(7))
        let (stream, input) = AsyncStream.makeStream(of: Int.self)
        for await _ in stream {}
        input.finish()
      }
    }
    #expect(
      error?.description
        == "deadlock at virtual time 7.0 seconds: every task waits, and there is no timer")
  }

  @Test("An idle world waits for another thread, and counts its job as stray")
  func strayThread() async throws {
    let executor = VirtualExecutor(seed: 1)
    let answer = try await executor.run { await answerOfThread(after: 50) }
    #expect(answer == 50)
    #expect(executor.strayJobs == 1)
  }

  @Test("The world stands still while a task waits for another thread")
  func outside() async throws {
    var histories: Set<[String]> = []
    for round in 0..<30 {
      let executor = VirtualExecutor(seed: 5)
      histories.insert(
        try await executor.run {
          let trace = Guarded<[String]>([])
          await withDiscardingTaskGroup { group in
            for child in 0..<6 {
              group.addTask {
                for step in 0..<3 {
                  await executor.sleep(for: .seconds(child % 2))
                  // The answer comes before the task waits, or a good while later.
                  let delay = (child + step + round) % 3
                  _ = await executor.outside { await answerOfThread(after: delay) }
                  trace.withLock { $0.append("\(executor.uptime) \(child) \(step)") }
                }
              }
            }
          }
          return trace.withLock { $0 }
        })
      #expect(executor.strayJobs == 0)
    }
    #expect(histories.count == 1)
  }

  @Test("An actor can wait for another thread, and keeps its place")
  func outsideOfActor() async throws {
    let executor = VirtualExecutor(seed: 3)
    let keeper = Keeper(executor: executor)
    try await executor.run {
      await withDiscardingTaskGroup { group in
        for child in 0..<10 {
          group.addTask {
            await executor.sleep(for: .seconds(1))
            await keeper.keep(child)
          }
        }
      }
    }
    #expect(await keeper.kept.count == 10)
    #expect(await keeper.times == Array(repeating: .seconds(1), count: 10))
    #expect(executor.strayJobs == 0)
  }

  @Test("Another thread that never answers is reported, even if there are timers")
  func silentThread() async throws {
    let executor = VirtualExecutor(seed: 1, patience: .milliseconds(50))
    let kept = Guarded<CheckedContinuation<Void, Never>?>(nil)
    let error = await #expect(throws: VirtualExecutor.Failure.self) {
      try await executor.run {
        executor.schedule(after: .seconds(1)) {}
        await executor.outside {
          await withCheckedContinuation { continuation in kept.withLock { $0 = continuation } }
        }
      }
    }
    #expect(
      error?.description
        == "no answer at virtual time 0.0 seconds: a task waits for another thread that is silent")
  }
}

/// What 20 tasks do that call an actor, wait inside of it, and sleep for random times.
private func history(seed: UInt64) async throws -> [String] {
  let executor = VirtualExecutor(seed: seed)
  let history = try await executor.run {
    let ledger = Ledger(executor: executor)
    await withDiscardingTaskGroup { group in
      for child in 0..<20 {
        group.addTask {
          var dice = Dice(seed: UInt64(child))
          for step in 0..<10 {
            await ledger.write("\(child).\(step)", pause: .seconds(Int(dice.next() % 3)))
            await executor.sleep(for: .seconds(Int(dice.next() % 5)))
          }
        }
      }
    }
    return await ledger.lines
  }
  #expect(executor.strayJobs == 0)
  return history
}

private actor Ledger {
  let executor: VirtualExecutor
  private(set) var lines: [String] = []

  init(executor: VirtualExecutor) { self.executor = executor }

  func write(_ line: String, pause: Duration) async {
    lines.append("\(executor.uptime.components.seconds) \(line) begins")
    await executor.sleep(for: pause)
    lines.append("\(executor.uptime.components.seconds) \(line) ends")
  }
}

/// Stands for a store: each call takes some real time on another thread.
private actor Keeper {
  let executor: VirtualExecutor
  private(set) var kept: [Int] = []
  private(set) var times: [Duration] = []

  init(executor: VirtualExecutor) { self.executor = executor }

  func keep(_ item: Int) async {
    kept.append(await executor.outside { await answerOfThread(after: item % 3) })
    times.append(executor.uptime)
  }
}

private actor Counter {
  private(set) var value = 0

  func add(_ places: Places, _ executor: VirtualExecutor) async {
    places.note("actor")
    await executor.sleep(for: .seconds(1))
    value += 1
    places.note("actor after a sleep")
  }
}

/// On which threads which kinds of code ran.
private final class Places: Sendable {
  private let seen = Guarded<[pthread_t: Set<String>]>([:])

  var byThread: [pthread_t: Set<String>] { seen.withLock { $0 } }
  var threads: Int { byThread.count }
  /// How many kinds of code have run.
  var count: Int { byThread.values.reduce(into: Set()) { $0.formUnion($1) }.count }

  func threadsOf(_ place: String) -> Set<pthread_t> {
    Set(byThread.filter { $0.value.contains(place) }.keys)
  }

  func note(_ place: String) {
    seen.withLock { _ = $0[pthread_self(), default: []].insert(place) }
  }

  func double(_ number: Int, _ executor: VirtualExecutor) async -> Int {
    note("async let")
    await executor.sleep(for: .seconds(1))
    note("async let after a sleep")
    return 2 * number
  }
}

/// Waits for a thread that answers after some milliseconds.
private func answerOfThread(after milliseconds: Int) async -> Int {
  await withCheckedContinuation { continuation in
    do {
      try startThread {
        usleep(UInt32(milliseconds) * 1000)
        continuation.resume(returning: milliseconds)
      }
    } catch {
      Issue.record(error)
      continuation.resume(returning: -1)
    }
  }
}
