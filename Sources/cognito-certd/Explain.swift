import ArgumentParser
import Configuration
import LosslessJSON
import Reconciliation
import RolloutCore
import Service

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows why a domain has its certificate, and why no other; changes nothing.",
    discussion: """
      Looks at AWS and the edges with your credentials, and decides as the daemon does, from a copy of \
      its records. Lists every certificate of the account with the verdict of every check, the best \
      first. Exits with 1 when the domain cannot be decided.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to explain.")
  var domain: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let configuration = try common.configuration()
    let mapping = try common.mapping(domain, in: configuration)
    let (report, outcome) = try await common.inspect(configuration) { inspection in
      let (preview, outcome) = try await inspection.decide(about: [mapping.domain])
      guard let decision = outcome.decisions[mapping.domain] else {
        return (nil as ExplainReport?, outcome)
      }
      let complete = await preview.complete(decision, within: Inspection.extraLimit)
      return (ExplainReport(decision: complete, now: inspection.now), outcome)
    }
    for problem in outcome.problems(of: [mapping]) { Output.problem(problem) }
    if outcome.lacksCredentials {
      Output.problem(Inspection.credentialHint(command: common.line("explain \(domain)")))
    }
    guard let report else { throw ExitStatus.failure.exit }
    try Output.result(json ? report.json.pretty : report.text(on: Output.screen))
    if !report.isDecided { throw ExitStatus.failure.exit }
  }
}
