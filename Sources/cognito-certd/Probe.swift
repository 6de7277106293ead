import ArgumentParser
import LosslessJSON
import Service

struct Probe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows which certificate each edge of a domain serves now; changes nothing.",
    discussion: """
      Makes one TLS handshake with each address, and compares the leaf with the one that ACM has for \
      the certificate that the domain is to have. Exits with 0 when the certificate is proven: at \
      least one edge serves its leaf, and none that answers serves another. Otherwise with 3.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to probe.")
  var domain: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let configuration = try common.configuration()
    let mapping = try common.mapping(domain, in: configuration)
    let report = try await common.inspect(configuration) { inspection in
      try await inspection.probe(mapping)
    }
    try Output.result(json ? report.json.pretty : report.text(on: Output.screen))
    if let wanted = report.wanted, wanted.sha256 == nil {
      Output.problem(
        "the leaf of \(wanted.certificate) could not be seen, so that nothing is proven")
      Output.problem(Inspection.credentialHint(command: common.line("probe \(domain)")))
    }
    throw (report.isProven ? ExitStatus.success : .needsPerson).exit
  }
}
