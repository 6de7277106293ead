import AWSWire
import ArgumentParser
import Glibc
import LosslessJSON
import POSIX
import Service
import Terminal

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks everything that a rotation depends on; changes nothing.",
    discussion: """
      Checks the configuration, the credentials, each IAM action, the endpoints, DNS, the edges, the \
      roots, the clock, the state file and the service, and says how to correct what is wrong. Exits \
      with 3 if a check failed. It uses your credentials, not the service's.
      """)

  @OptionGroup var common: CommonOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    StandardStreams.prepare()
    let doctor: Doctor
    do throws(MalformedEndpoint) {
      doctor = try Doctor(
        environment: common.environment, configPath: common.config, version: Version.current)
    } catch {
      Output.problem(error.description)
      throw ExitStatus.failure.exit
    }
    let report = await doctor.run()
    await doctor.shutDown()
    if json {
      Output.result(report.json.pretty)
    } else {
      let isTerminal = isatty(STDOUT_FILENO) == 1
      let size = TerminalSize(
        isTerminal: isTerminal, window: WindowSize(of: STDOUT_FILENO),
        environment: common.environment)
      let palette = Palette(isTerminal: isTerminal, environment: common.environment)
      Output.result(report.text(width: size?.columns, palette: palette))
    }
    throw (report.hasFailed ? ExitStatus.needsPerson : .success).exit
  }
}
