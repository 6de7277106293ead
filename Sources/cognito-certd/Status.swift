import ArgumentParser
import LosslessJSON
import Reconciliation
import RolloutCore
import Service
import StateStore

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the condition of the domains, from the state file only.",
    discussion: """
      Exits with 0 when every domain is in sync or in progress. Exits with 3 when a person is \
      needed: a domain is overdue, refused, without a candidate, unknown, drifted, unserved or \
      ending, or the daemon does not run or has not polled successfully for three intervals.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "Show only this domain.")
  var domain: String?

  @Flag(help: "Print JSON.")
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
          Output.problem("\(wanted) is not one of the daemon's domains: \(known)")
          throw ExitStatus.failure.exit
        }
      }
      let daemon = try DaemonStatus(stateFile: path)
      report = StatusReport(
        records: records, daemon: daemon, now: SystemClock.now + (.zero - daemon.hostError))
    } catch let failure as StateFailure {
      Output.problem(failure.description)
      throw ExitStatus.failure.exit
    }
    Output.result(json ? report.json.pretty : report.text)
    throw (report.needsPerson ? ExitStatus.needsPerson : .success).exit
  }
}
