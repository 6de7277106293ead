import ArgumentParser
import LosslessJSON
import Reconciliation
import RolloutCore
import Service
import StateStore

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows how the domains stand, from the state file alone.",
    discussion: """
      Exits with 0 when all domains are in sync or in progress, with 3 when something needs a \
      person: a domain that is overdue, refused, without a candidate, unknown or drifted, or a \
      daemon that does not run or has not polled well for three intervals.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "Show this domain alone.")
  var domain: String?

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let wanted = try domain.map(common.domain)
    let path = try common.stateFile()
    let report: StatusReport
    do {
      var records = try StateReader.open(path: path).snapshot().records
      if let wanted {
        let known = records.map(\.domain.text).joined(separator: ", ")
        records.removeAll { $0.domain != wanted }
        if records.isEmpty {
          Output.problem("\(wanted) is not among the daemon's domains: \(known)")
          throw ExitStatus.failure.exit
        }
      }
      report = StatusReport(
        records: records, daemon: try DaemonStanding(stateFile: path), now: SystemClock.now)
    } catch let failure as StateFailure {
      Output.problem(failure.description)
      throw ExitStatus.failure.exit
    }
    Output.result(json ? report.json.pretty : report.text)
    throw (report.needsPerson ? ExitStatus.needsPerson : .success).exit
  }
}
