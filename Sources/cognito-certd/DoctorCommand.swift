import AWSWire
import ArgumentParser
import LosslessJSON
import Service

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
    try Output.result(json ? report.json.pretty : report.text(on: Output.screen))
    throw (report.hasFailed ? ExitStatus.needsPerson : .success).exit
  }
}
