import ArgumentParser
import Configuration
import RolloutCore
import Service

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads the configuration and says what is wrong with it.",
    discussion: "Asks nobody but the file. Exits with 0, or with 78 after every problem.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    let configuration: Configuration
    do throws(InvalidConfiguration) {
      configuration = try ConfigurationLoader.load(
        path: common.config, environment: common.environment)
    } catch {
      for problem in error.problems { Output.result(problem.description) }
      throw ExitStatus.configuration.exit
    }
    for warning in configuration.warnings { Output.result(warning.description) }
    let domains = configuration.fleet.mappings.count
    let identities = configuration.fleet.identities.count
    Output.result("OK: \(domains) domains, \(identities) identities")
  }
}
