import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("The virtual clock", .timeLimit(.minutes(1)))
struct VirtualClockTests {
  private static let start = Instant(milliseconds: 1_772_366_400_000)

  private static func desk(seed: UInt64 = 1) -> (VirtualExecutor, VirtualClock) {
    let executor = VirtualExecutor(seed: seed)
    return (executor, VirtualClock(executor, start: start, seed: seed))
  }

  @Test("A step moves the wall clock, and neither the uptime nor a sleep under way")
  func step() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      executor.schedule(after: .seconds(10)) { clock.step(by: .hours(-2)) }
      #expect(await clock.sleep(for: .seconds(60)) == .time)
      #expect(clock.uptime == .seconds(60))
      #expect(clock.now == VirtualClockTests.start + .seconds(60) - .hours(2))
      #expect(clock.trueTime == VirtualClockTests.start + .seconds(60))
    }
  }

  @Test("A wake-up ends the sleep under way")
  func wake() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      executor.schedule(after: .seconds(7)) { clock.wake(.cycleEnded) }
      #expect(await clock.sleep(for: .seconds(60)) == .cycleEnded)
      #expect(clock.uptime == .seconds(7))
      // The timer of the sleep that was cut short ends no later one.
      #expect(await clock.sleep(for: .seconds(100)) == .time)
      #expect(clock.uptime == .seconds(107))
    }
  }

  @Test("Of several wake-ups the strongest ends the next sleep, and that one only")
  func strength() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      for reason in [.cycleEnded, .pollRequested, .operatorRequest, .cycleEnded] as [WakeReason] {
        clock.wake(reason)
      }
      #expect(await clock.sleep(for: .seconds(1)) == .pollRequested)
      #expect(await clock.sleep(for: .seconds(1)) == .time)
      clock.wake(.cycleEnded)
      clock.wake(.operatorRequest)
      #expect(await clock.sleep(for: .seconds(1)) == .operatorRequest)
      #expect(clock.uptime == .seconds(1))
    }
  }

  @Test("A shutdown ends every sleep from then on")
  func shutdown() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      clock.wake(.shutdown)
      clock.wake(.pollRequested)
      for _ in 0..<3 { #expect(await clock.sleep(for: .seconds(1)) == .shutdown) }
      #expect(clock.uptime == .zero)
    }
  }

  @Test("Of several sleepers one gets the wake-up, and the others sleep on", arguments: 0..<20)
  func severalSleepers(seed: UInt64) async throws {
    let (executor, clock) = VirtualClockTests.desk(seed: seed)
    let reasons = try await executor.run {
      await withTaskGroup(of: WakeReason.self) { group in
        for _ in 0..<3 { group.addTask { await clock.sleep(for: .seconds(60)) } }
        executor.schedule(after: .seconds(5)) { clock.wake(.operatorRequest) }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(reasons == [.operatorRequest, .time, .time])
    #expect(clock.uptime == .seconds(60))
  }

  @Test("A cancelled sleep says shutdown, and a cancelled pause ends at once")
  func cancellation() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { #expect(await clock.sleep(for: .hours(1)) == .shutdown) }
        group.addTask { await clock.pause(for: .hours(1)) }
        await executor.sleep(for: .seconds(3))
        group.cancelAll()
        await group.waitForAll()
      }
      #expect(clock.uptime == .seconds(3))
    }
  }

  @Test("No wake-up shortens a pause")
  func pause() async throws {
    let (executor, clock) = VirtualClockTests.desk()
    try await executor.run {
      executor.schedule(after: .seconds(1)) { clock.wake(.shutdown) }
      await clock.pause(for: .seconds(10))
      #expect(clock.uptime == .seconds(10))
    }
  }

  @Test("The same seed draws the same numbers")
  func chance() {
    func draws(_ seed: UInt64) -> [UInt64] {
      let clock = VirtualClockTests.desk(seed: seed).1
      return (0..<5).map { _ in clock.random() }
    }
    #expect(draws(1) == draws(1))
    #expect(draws(1) != draws(2))
  }
}
