import Configuration
import RolloutCore
import Service

extension CommonOptions {
  /// The path of the state file in the configuration. Problems elsewhere in the file are ignored,
  /// because a daemon may still run with an earlier version of it.
  func stateFile() throws -> String {
    do throws(InvalidConfiguration) {
      return try ConfigurationLoader.stateFile(path: config, environment: environment)
    } catch {
      for problem in error.problems { Output.line(problem.description) }
      throw ExitStatus.failure.exit
    }
  }

  /// A domain given on the command line.
  func domain(_ text: String) throws -> DomainName {
    do throws(MalformedIdentifier) {
      return try CustomDomain.parse(text)
    } catch {
      Output.problem(error.description)
      throw ExitStatus.usage.exit
    }
  }
}
