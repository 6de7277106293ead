import Narration
import POSIX
import RolloutCore
import SimulatedAWS

/// Hours in which nothing happens, measured.
package struct QuietDay: Sendable {
  package let domains: Int
  package let accounts: Int
  /// Transactions of the state file after the first look at everything.
  package let commits: Int
  /// Events of each level after the first look at everything.
  package let events: [String: Int]
  /// Requests by operation, in all hours.
  package let requests: [String: Int]
  package let violations: [String]

  package init(
    hours: Int64, directory: String, accounts: Int = 25, domainsInEach: Int = 4
  ) async throws {
    let script = WorldScript(
      quietFor: .hours(hours), accounts: accounts, domainsInEach: domainsInEach)
    let world = try World(script: script, directory: directory)
    let first = Guarded<(commits: Int, events: [Event.Level: Int])>((0, [:]))
    world.machine.schedule(after: QuietDay.firstLook) {
      let counts = world.report.counts
      let commits = world.checkers.disk.commits
      first.withLock { $0 = (commits, counts) }
    }
    let outcome = await world.run()
    let before = first.withLock { $0 }
    self.accounts = accounts
    domains = accounts * domainsInEach
    commits = world.checkers.disk.commits - before.commits
    let counts = world.report.counts.merging(before.events) { $0 - $1 }
    events = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    requests = world.aws.withCloud { cloud in
      cloud.calls.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
    }
    violations = outcome.violations
  }

  /// By when every domain was looked at and probed once.
  private static let firstLook = Duration.seconds(60)
}
