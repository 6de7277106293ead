import ArgumentParser
import Configuration
import LosslessJSON
import Reconciliation
import RolloutCore
import Service

struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what the daemon would do now, and why; changes nothing.",
    discussion: """
      Looks at AWS and the edges with your credentials, and decides as the daemon does, from a copy of \
      its records. Exits with 1 when something could not be seen, with 78 when the configuration is \
      invalid, and with --exit-code with 2 when a domain would be updated.
      """)

  @OptionGroup var common: CommonOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Exit with 2 when a domain would be updated.")
  var exitCode = false

  func run() async throws {
    let configuration = try common.configuration()
    let report = try await common.inspect(configuration) { inspection in
      let (_, outcome) = try await inspection.decide()
      return PlanReport(
        mappings: configuration.fleet.mappings, outcome: outcome, now: inspection.now)
    }
    try Output.result(json ? report.json.pretty : report.text(on: Output.screen))
    for problem in report.outcome.problems(of: report.mappings) { Output.problem(problem) }
    if report.outcome.lacksCredentials {
      Output.problem(Inspection.credentialHint(command: common.line("plan")))
    }
    if !report.isComplete { throw ExitStatus.failure.exit }
    if exitCode && report.changesSomething { throw ExitCode(2) }
  }
}
