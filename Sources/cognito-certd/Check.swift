import ArgumentParser
import Configuration
import RolloutCore
import Service

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads the configuration and prints every problem in it.",
    discussion: "Makes no request. Exits with 0 if the configuration is valid, otherwise with 78.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    let configuration: Configuration
    do throws(InvalidConfiguration) {
      configuration = try ConfigurationLoader.load(
        path: common.config, environment: common.environment)
    } catch {
      for problem in error.problems { try Output.result(problem.description) }
      throw ExitStatus.configuration.exit
    }
    for warning in configuration.warnings { try Output.result(warning.description) }
    let domains = configuration.fleet.mappings.count
    let identities = configuration.fleet.identities.count
    try Output.result("OK: \(domains) domains, \(identities) identities")
  }
}
