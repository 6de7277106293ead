import Foundation
import SimulatedWorld
import Testing

/// The whole daemon under virtual time, in simulated worlds where everything goes wrong.
///
/// `WORLD_SEED=123 swift test --filter WorldTests` plays one world and prints its history;
/// `WORLD_SEEDS=5000` plays that many.
@Suite("The daemon in simulated worlds")
struct WorldTests {
  /// Worlds played side by side: one a core of the smallest machine that builds this.
  static let lanes: UInt64 = 2
  static let seeds = count("WORLD_SEEDS") ?? 100

  static func count(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
  }

  static func play(
    _ seed: UInt64, _ sabotage: Sabotage? = nil
  ) async throws -> World.Outcome {
    let directory = try makeDirectory()
    defer { remove(directory) }
    return await (try World(seed: seed, directory: directory, sabotage: sabotage)).run()
  }

  /// In memory, where there is a file system in it: every commit is synced.
  static func makeDirectory() throws -> String {
    let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
    let parent = isInMemory ? "/dev/shm" : NSTemporaryDirectory()
    let directory = parent + "/cognito-certd-world-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    return directory
  }

  static func remove(_ directory: String) {
    do {
      try FileManager.default.removeItem(atPath: directory)
    } catch {
      Issue.record("\(directory) could not be removed: \(error)")
    }
  }

  @Test("nothing unsuitable is attached, nothing is forgotten, and everything settles")
  func invariantsHold() async throws {
    if let seed = WorldTests.count("WORLD_SEED") {
      let outcome = try await WorldTests.play(seed)
      print(outcome.history.joined(separator: "\n"))
      #expect(outcome.violations == [])
      return
    }
    let totals = try await withThrowingTaskGroup(of: Totals.self) { group in
      for lane in 0..<WorldTests.lanes {
        group.addTask {
          var totals = Totals()
          for seed in stride(from: lane + 1, through: WorldTests.seeds, by: Int(WorldTests.lanes)) {
            totals.add(try await WorldTests.play(seed))
          }
          return totals
        }
      }
      return try await group.reduce(into: Totals()) { $0.add($1) }
    }
    #expect(totals.failures == [])
    // Worlds in which nothing happens would prove nothing.
    #expect(totals.worlds == Int(WorldTests.seeds))
    #expect(totals.attachments > totals.worlds)
    #expect(totals.powerCuts > totals.worlds / 10)
    #expect(totals.releases > totals.worlds / 4)
    print(
      "\(totals.worlds) worlds: \(totals.requests) requests, \(totals.attachments) attachments, \(totals.releases) releases, \(totals.powerCuts) power cuts, \(totals.jobs) jobs; the longest delay of a healthy account: \(totals.longestDelay)"
    )
  }

  struct Totals: Sendable {
    var worlds = 0
    var attachments = 0
    var releases = 0
    var powerCuts = 0
    var requests = 0
    var jobs = 0
    var longestDelay = Duration.zero
    var failures: [String] = []

    mutating func add(_ outcome: World.Outcome) {
      worlds += 1
      attachments += outcome.attachments
      releases += outcome.releases
      powerCuts += outcome.powerCuts
      requests += outcome.requests
      jobs += outcome.jobs
      longestDelay = max(longestDelay, outcome.longestDelay)
      failures += outcome.violations.prefix(3).map { "WORLD_SEED=\(outcome.seed): \($0)" }
    }

    mutating func add(_ other: Totals) {
      worlds += other.worlds
      attachments += other.attachments
      releases += other.releases
      powerCuts += other.powerCuts
      requests += other.requests
      jobs += other.jobs
      longestDelay = max(longestDelay, other.longestDelay)
      failures += other.failures
    }
  }

  @Test("the same seed has the same history", arguments: [3, 12, 77] as [UInt64])
  func sameSeedSameHistory(_ seed: UInt64) async throws {
    let first = try await WorldTests.play(seed)
    let second = try await WorldTests.play(seed)
    #expect(!first.history.isEmpty)
    #expect(first.history == second.history)
  }
}
