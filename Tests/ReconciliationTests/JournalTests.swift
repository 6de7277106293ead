import POSIX
import RolloutCore
import Testing
import VirtualTime

@testable import Reconciliation

@Suite("The journal")
struct JournalTests {
  /// A journal over a state file that takes a second for each commit.
  private struct Desk: Sendable {
    let executor: VirtualExecutor
    let state: FakeState
    let journal: Journal

    init(seed: UInt64 = 1) {
      executor = VirtualExecutor(seed: seed)
      state = FakeState(executor)
      state.takes(.seconds(1))
      journal = Journal(state: state)
    }
  }

  private static func change(_ name: String, guarding: Bool = false) -> StateChange {
    StateChange(
      records: [DomainRecord(unseen: mapping(name, of: "a"))],
      guarding: guarding ? domain(name) : nil)
  }

  private static func entry(_ event: String) -> HistoryEntry {
    HistoryEntry(at: noon, domain: nil, event: event, level: "notice", fields: [:])
  }

  @Test("Changes that come during a commit are written by the next one together")
  func group() async throws {
    let desk = Desk()
    let failures = try await desk.executor.run {
      await withTaskGroup(of: StateFailure?.self) { group in
        for number in 0..<50 {
          group.addTask {
            await desk.executor.sleep(for: .milliseconds(number * 10))
            return await desk.journal.commit(JournalTests.change("d\(number)"))
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(failures.allSatisfy { $0 == nil })
    #expect(desk.state.commits.map(\.change.records.count) == [1, 49])
    #expect(desk.executor.uptime == .seconds(2))
  }

  @Test("A group that cannot be written fails for each of its members")
  func failedGroup() async throws {
    let desk = Desk()
    let failures = try await desk.executor.run {
      await withTaskGroup(of: StateFailure?.self) { group in
        for number in 0..<10 {
          group.addTask {
            await desk.executor.sleep(for: .milliseconds(number * 10))
            let failure = await desk.journal.commit(JournalTests.change("d\(number)"))
            if number == 0 { desk.state.fail(FakeState.full) }
            return failure
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(failures.count { $0 == FakeState.full } == 9)
    #expect(desk.state.commits.map(\.change.records.count) == [1])
  }

  @Test("A guarded change is written alone, and its refusal fails nothing else")
  func guarded() async throws {
    let desk = Desk()
    desk.state.ask(.hold(until: nil), for: domain("d4"))
    let failures = try await desk.executor.run {
      await withTaskGroup(of: (Int, StateFailure?).self) { group in
        for number in 0..<10 {
          group.addTask {
            // The last ones come while the first guarded change is written.
            await desk.executor.sleep(for: .milliseconds(number * 10 + (number < 6 ? 0 : 2500)))
            let change = JournalTests.change("d\(number)", guarding: number == 3 || number == 4)
            return (number, await desk.journal.commit(change))
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
    }
    #expect(failures.keys.sorted() == [4])
    #expect(failures[4]?.kind == .requestWaiting)
    #expect(desk.state.commits.map(\.change.records.count) == [1, 3, 1, 4])
    #expect(desk.state.commits.map { $0.change.guarding != nil } == [false, false, true, false])
  }

  @Test("History that could not be written goes with the next commit, once")
  func backlog() async throws {
    let desk = Desk()
    try await desk.executor.run {
      await desk.journal.keep([JournalTests.entry("first")])
      desk.state.fail(FakeState.full)
      _ = await desk.journal.commit(JournalTests.change("one"))
      desk.state.fail(nil)
      await desk.journal.keep([JournalTests.entry("second")])
      _ = await desk.journal.commit(JournalTests.change("one"))
      _ = await desk.journal.commit(JournalTests.change("two"))
    }
    #expect(desk.state.history.map(\.event) == ["first", "second"])
  }

  @Test("A disk that is full for weeks does not fill the memory")
  func longBacklog() async throws {
    let desk = Desk()
    try await desk.executor.run {
      for number in 0..<Journal.maximumBacklog + 5 {
        await desk.journal.keep([JournalTests.entry("\(number)")])
      }
      _ = await desk.journal.commit(JournalTests.change("one"))
    }
    #expect(desk.state.history.count == Journal.maximumBacklog)
    #expect(desk.state.history.first?.event == "5")
  }

  @Test("Every change is answered, also when the tasks that wait are cancelled", arguments: 0..<100)
  func handOver(seed: UInt64) async throws {
    let desk = Desk(seed: seed)
    var dice = Dice(seed: seed)
    let times = (0..<40).map { _ in Duration.milliseconds(Int.random(in: 0...6000, using: &dice)) }
    let cancelAt = Duration.milliseconds(Int.random(in: 0...6000, using: &dice))
    let isFailing = Guarded(Dice(seed: seed))
    desk.state.drawFailures { isFailing.withLock { $0.next() % 4 == 0 ? FakeState.full : nil } }
    let answers = try await desk.executor.run {
      await withTaskGroup(of: Bool?.self) { group in
        for (number, time) in times.enumerated() {
          group.addTask {
            await desk.executor.sleep(for: time)
            let change = JournalTests.change("d\(number)", guarding: number % 5 == 0)
            return await desk.journal.commit(change) == nil
          }
        }
        await desk.executor.sleep(for: cancelAt)
        group.cancelAll()
        return await group.reduce(into: [Bool]()) { if let answer = $1 { $0.append(answer) } }
      }
    }
    #expect(answers.count == 40)
    let written = desk.state.commits.map(\.change.records.count).reduce(0, +)
    #expect(written == answers.count { $0 })
  }
}
