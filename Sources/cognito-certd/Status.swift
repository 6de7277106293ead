import ArgumentParser
import LosslessJSON
import Reconciliation
import RolloutCore
import Service
import StateStore

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the condition of the domains, from the state file only.",
    discussion: """
      The domains that need a person come first. Exits with 0 when every domain is in sync or in \
      progress. Exits with 3 when a person is needed: a domain is overdue, refused, without a \
      candidate, unknown, drifted, unserved or ending, or the daemon does not run or has not polled \
      successfully for three intervals.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "Show everything about this domain.")
  var domain: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Show changes as they come, until nothing is in progress.")
  var watch = false

  func validate() throws {
    if watch && json { throw ValidationError("--watch shows text; leave out --json.") }
  }

  func run() async throws {
    let wanted = try domain.map(common.domain)
    let path = try common.stateFile()
    if watch {
      try await follow(wanted, path)
      return
    }
    let report = try report(wanted, path)
    if json {
      try Output.result(report.json.pretty)
    } else {
      let view = StatusView(report, on: Output.screen)
      let lines = wanted == nil ? view.list : report.records.flatMap(view.details)
      try Output.result(lines.joined(separator: "\n"))
    }
    throw (report.needsPerson ? ExitStatus.needsPerson : .success).exit
  }

  private func follow(_ wanted: DomainName?, _ path: String) async throws {
    var watch = StatusWatch(domain: wanted, palette: Output.palette)
    let clock = SystemClock()
    while true {
      let report = try report(wanted, path)
      let step = watch.step(report, size: Output.canMoveCursor ? Output.size : nil)
      if try !Output.text(step.text) || !Output.hasReader || step.isOver {
        throw (report.needsPerson ? ExitStatus.needsPerson : .success).exit
      }
      await clock.pause(for: StatusWatch.interval)
    }
  }

  private func report(_ wanted: DomainName?, _ path: String) throws -> StatusReport {
    do {
      let snapshot = try StateReader.open(path: path).snapshot()
      var records = snapshot.records
      if let wanted {
        records.removeAll { $0.domain != wanted }
        if records.isEmpty {
          try common.refuse(wanted, among: snapshot.records.map(\.domain.text))
        }
      }
      let daemon = try DaemonStatus(stateFile: path)
      return StatusReport(
        records: records, daemon: daemon, now: SystemClock.now + (.zero - daemon.hostError),
        stops: snapshot.stoppedWaves, hasRequests: !snapshot.requests.isEmpty)
    } catch let failure as StateFailure {
      Output.problem(failure.description)
      throw ExitStatus.failure.exit
    }
  }
}
