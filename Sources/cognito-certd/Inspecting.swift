import Configuration
import Reconciliation
import RolloutCore
import Service

extension CommonOptions {
  /// The configuration, or an exit with every problem of it.
  func configuration() throws -> Configuration {
    do throws(InvalidConfiguration) {
      return try ConfigurationLoader.load(path: config, environment: environment)
    } catch {
      for problem in error.problems { Output.line(problem.description) }
      throw ExitStatus.configuration.exit
    }
  }

  /// A command as it is to be called with the same configuration.
  func line(_ command: String) -> String {
    config == CommonOptions.defaultConfig ? command : "\(command) --config \(config)"
  }

  /// Runs `body` with the daemon's own clients and a copy of its memory.
  func inspect<Value>(
    _ configuration: Configuration, _ body: (Inspection) async throws -> Value
  ) async throws -> Value {
    let inspection: Inspection
    do {
      inspection = try Inspection(
        configuration: configuration, environment: environment, version: Version.current)
    } catch {
      Output.problem(String(describing: error))
      throw ExitStatus.failure.exit
    }
    if inspection.hasNoState {
      Output.problem(
        "\(configuration.stateFile) does not exist: holds, drift and open rollouts are not known")
    }
    do {
      let value = try await body(inspection)
      await inspection.end()
      return value
    } catch let failure as StateFailure {
      Output.problem(failure.description)
      throw ExitStatus.failure.exit
    }
  }

  /// A configured domain, or an exit that names those with a similar name.
  func mapping(_ text: String, in configuration: Configuration) throws -> Mapping {
    let domain = try domain(text)
    let mappings = configuration.fleet.mappings
    guard let mapping = mappings.first(where: { $0.domain == domain }) else {
      try refuse(domain, among: mappings.map(\.domain.text), in: "the configuration")
    }
    return mapping
  }
}
