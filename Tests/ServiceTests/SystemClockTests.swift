import Foundation
import POSIX
import Reconciliation
import RolloutCore
import TestSupport
import Testing

@testable import Service

/// A counter for any thread.
private final class Counter: Sendable {
  private let count = Guarded(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}

@Suite("The clock and its sleep", .timeLimit(.minutes(2)))
struct SystemClockTests {
  private let long = Duration.seconds(3600)

  @Test("A sleep lasts as long as requested, and not much longer")
  func duration() async {
    let clock = SystemClock()
    for asked in [Duration.milliseconds(1), .milliseconds(30), .milliseconds(120)] {
      let start = clock.uptime
      #expect(await clock.sleep(for: asked) == .time)
      let slept = clock.uptime - start
      #expect(slept >= asked && slept < asked + .seconds(60), "\(asked): \(slept)")
    }
  }

  @Test("A sleep of zero or a negative time returns at once")
  func noTime() async {
    let clock = SystemClock()
    #expect(await clock.sleep(for: .zero) == .time)
    #expect(await clock.sleep(for: .seconds(-5)) == .time)
  }

  @Test("A sleep of an extreme time does not trap or return early")
  func absurd() async {
    let clock = SystemClock()
    let task = Task { await clock.sleep(for: .seconds(Int64.max)) }
    clock.wake(.pollRequested)
    #expect(await task.value == .pollRequested)
  }

  @Test("A wake-up without a sleeper ends the next sleep, and only that one")
  func kept() async {
    let clock = SystemClock()
    clock.wake(.operatorRequest)
    #expect(await clock.sleep(for: long) == .operatorRequest)
    #expect(await clock.sleep(for: .milliseconds(1)) == .time)
    clock.wake(.pollRequested)
    #expect(await clock.sleep(for: .zero) == .pollRequested)
  }

  @Test("Wake-ups that arrive together become one, the strongest")
  func coalesced() async {
    let clock = SystemClock()
    let all: [WakeReason] = [.cycleEnded, .operatorRequest, .pollRequested, .cycleEnded, .time]
    for reason in all { clock.wake(reason) }
    #expect(await clock.sleep(for: long) == .pollRequested)
    #expect(await clock.sleep(for: .zero) == .time)
    clock.wake(.operatorRequest)
    clock.wake(.pollRequested)
    clock.wake(.operatorRequest)
    #expect(await clock.sleep(for: long) == .pollRequested)
  }

  @Test("After a shutdown every sleep ends at once, whatever else arrives")
  func shutdownStays() async {
    let clock = SystemClock()
    clock.wake(.shutdown)
    clock.wake(.pollRequested)
    #expect(await clock.sleep(for: long) == .shutdown)
    #expect(await clock.sleep(for: long) == .shutdown)
  }

  @Test("A cancelled task's sleep ends, before and while it sleeps")
  func cancellation() async {
    let clock = SystemClock()
    for delay in [0, 1, 10] {
      let task = Task { await clock.sleep(for: .seconds(3600)) }
      _ = await SystemClock().sleep(for: .milliseconds(Int64(delay)))
      task.cancel()
      #expect(await task.value == .shutdown)
    }
    clock.wake(.pollRequested)
    #expect(await clock.sleep(for: long) == .pollRequested)
  }

  @Test("The watchdog is notified in every interval while the loop sleeps")
  func aliveness() async {
    let calls = Counter()
    let (steps, sign) = AsyncStream.makeStream(of: Void.self)
    let clock = SystemClock(aliveInterval: .milliseconds(10)) {
      calls.add()
      sign.yield()
    }
    let start = clock.uptime
    let sleeper = Task { await clock.sleep(for: .seconds(3600)) }
    for await _ in steps where calls.value >= 10 { break }
    #expect(clock.uptime - start >= .milliseconds(90))
    clock.wake(.shutdown)
    #expect(await sleeper.value == .shutdown)
  }

  @Test("A sleep uses no CPU time")
  func idle() async {
    let calls = Counter()
    let clock = SystemClock(aliveInterval: .seconds(60)) { calls.add() }
    _ = await clock.sleep(for: .milliseconds(300))
    #expect(calls.value <= 4)
  }

  @Test("No wake-up is lost, whenever it arrives", arguments: 0..<8)
  func noLostWakeUps(seed: Int) async {
    let clock = SystemClock(aliveInterval: .seconds(3600))
    var chance = Chance(seed: UInt64(seed))
    let received = Counter()
    let sleeper = Task {
      while true {
        let reason = await clock.sleep(for: .seconds(3600))
        if reason == .shutdown { return }
        received.add()
      }
    }
    // Each round waits for its wake-up, so that a lost one would hang here.
    for _ in 0..<1500 {
      await chance.dawdle()
      let before = received.value
      clock.wake(chance.flip() ? .pollRequested : .cycleEnded)
      while received.value == before { await Task.yield() }
    }
    clock.wake(.shutdown)
    await sleeper.value
    #expect(received.value == 1500)
  }

  @Test("Concurrent wake-ups, short sleeps and cancellations lose and leak nothing")
  func storm() async {
    for seed in 0..<20 {
      let clock = SystemClock(aliveInterval: .milliseconds(1))
      let received = Counter()
      await withTaskGroup(of: Void.self) { group in
        for waker in 0..<4 {
          group.addTask {
            var chance = Chance(seed: UInt64(seed * 4 + waker))
            for _ in 0..<100 {
              await chance.dawdle()
              clock.wake(.operatorRequest)
            }
          }
        }
        group.addTask {
          var chance = Chance(seed: UInt64(seed) + 1000)
          for _ in 0..<200 {
            let nap = Int64(chance.next() % 1500)
            if await clock.sleep(for: .microseconds(nap)) == .operatorRequest { received.add() }
          }
        }
        group.addTask {
          for _ in 0..<20 {
            let nap = Task { await clock.sleep(for: .seconds(3600)) }
            await Task.yield()
            nap.cancel()
            if await nap.value == .operatorRequest { received.add() }
          }
        }
      }
      // At least one of the 400 wake-ups was delivered, and the last one is never lost.
      clock.wake(.operatorRequest)
      #expect(await clock.sleep(for: .seconds(3600)) == .operatorRequest)
      #expect(received.value > 0)
    }
  }

  @Test("A shutdown wakes every sleeper, and another wake-up one")
  func severalSleepers() async {
    let clock = SystemClock()
    let received = Counter()
    let sleepers = (0..<5).map { _ in
      Task {
        while await clock.sleep(for: .seconds(3600)) != .shutdown { received.add() }
      }
    }
    for count in 1...50 {
      clock.wake(.pollRequested)
      while received.value < count { await Task.yield() }
    }
    clock.wake(.shutdown)
    for sleeper in sleepers { await sleeper.value }
    #expect(received.value == 50)
  }

  @Test("An unused clock is freed, with its timers and its closure")
  func release() async {
    weak var held: Counter?
    weak var clock: SystemClock?
    do {
      let counter = Counter()
      let used = SystemClock(aliveInterval: .milliseconds(1)) { counter.add() }
      for _ in 0..<20 { _ = await used.sleep(for: .milliseconds(2)) }
      let task = Task { await used.sleep(for: .seconds(3600)) }
      used.wake(.pollRequested)
      _ = await task.value
      held = counter
      clock = used
    }
    // A cancelled timer frees its handler on its own queue.
    let other = SystemClock()
    for _ in 0..<500 where held != nil || clock != nil {
      _ = await other.sleep(for: .milliseconds(10))
    }
    #expect(held == nil && clock == nil)
  }

  @Test("The wall clock is right, uptime increases, and random numbers differ")
  func readings() {
    let clock = SystemClock()
    let foundation = Int64(Date().timeIntervalSince1970 * 1000)
    #expect(abs(clock.now.milliseconds - foundation) < 5000)
    let first = clock.uptime
    #expect(clock.uptime >= first && first > .zero)
    #expect(Set((0..<100).map { _ in clock.random() }).count == 100)
  }
}

/// Repeatable random numbers.
private struct Chance {
  private var generator: SeededGenerator
  private var busy = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> UInt64 { generator.next() }

  mutating func flip() -> Bool { next() & 1 == 0 }

  /// Does nothing, yields a few times, or uses the CPU for a moment.
  mutating func dawdle() async {
    switch next() % 4 {
    case 0: return
    case 1: for _ in 0..<(next() % 20) { await Task.yield() }
    case 2: for _ in 0..<(next() % 5000) { busy &+= 1 }
    default: await Task.yield()
    }
  }
}
