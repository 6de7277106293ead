import ArgumentParser
import Glibc
import LosslessJSON
import RolloutCore
import SimulatedAWS

/// Runs a scenario until SIGTERM or SIGINT.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a scenario, and print one line of JSON when ready; SIGTERM or SIGINT ends it.")

  @Option(help: ArgumentHelp("The scenario; - reads standard input.", valueName: "file"))
  var config: String?

  @Flag(help: "Run the scenario of the demo.")
  var demo = false

  @Option(
    name: .customLong("domain"),
    help: ArgumentHelp(
      "A domain with two edges, instead of a scenario; may be repeated.",
      valueName: "name"))
  var domains: [String] = []

  @Option(help: ArgumentHelp("The HTTP port; 0 lets the system choose one.", valueName: "port"))
  var port: Int?

  @Option(help: ArgumentHelp("The delay of every answer of AWS.", valueName: "seconds"))
  var latency: Double?

  @Option(
    help: ArgumentHelp(
      "Where to write the roots; a temporary directory by default.", valueName: "path"))
  var directory: String?

  @Option(
    help: ArgumentHelp(
      "Write a configuration for cognito-certd there, and print the variables that it needs "
        + "on standard error.", valueName: "path"))
  var writeConfig: String?

  @Flag(help: "End when standard input closes, so that it does not outlive the caller.")
  var untilStdinCloses = false

  func validate() throws {
    let sources = (config == nil ? 0 : 1) + (demo ? 1 : 0) + (domains.isEmpty ? 0 : 1)
    guard sources == 1 else {
      throw ValidationError("Give one of --config, --demo and --domain.")
    }
    if untilStdinCloses, config == "-" {
      throw ValidationError("--until-stdin-closes and --config - cannot share standard input.")
    }
    if let port, !(0...65_535).contains(port) {
      throw ValidationError("--port must be from 0 to 65535.")
    }
    if let latency, !(0...60).contains(latency) {
      throw ValidationError("--latency must be from 0 to 60 seconds.")
    }
  }

  func run() throws {
    // Before any thread starts, so that only `sigwait` receives the signals.
    var ending = sigset_t()
    sigemptyset(&ending)
    sigaddset(&ending, SIGTERM)
    sigaddset(&ending, SIGINT)
    pthread_sigmask(SIG_BLOCK, &ending, nil)
    do throws(SimulationProblem) {
      try serve(until: &ending)
    } catch {
      var text = "error: \(error)\n"
      text.withUTF8 { bytes in _ = SimulatorFile.send(Array(bytes), to: 2) }
      throw ExitCode(1)
    }
  }

  private func serve(until ending: inout sigset_t) throws(SimulationProblem) {
    let scenario = try scenario()
    let own = directory == nil ? try SimulatorFile.makeDirectory(in: temporaryDirectory) : nil
    let simulator = try Simulator(scenario, directory: directory ?? own ?? ".")
    defer {
      simulator.stop()
      if let own { SimulatorFile.remove([simulator.caFile], directory: own) }
    }
    if let writeConfig { try write(simulator, to: writeConfig) }
    if untilStdinCloses { try simulator.whenStandardInputCloses { kill(getpid(), SIGTERM) } }
    let line = Array((simulator.readyLine.encoded + "\n").utf8)
    guard SimulatorFile.send(line, to: 1) else {
      throw SimulationProblem("cannot write to standard output")
    }
    var signal: Int32 = 0
    sigwait(&ending, &signal)
  }

  private func scenario() throws(SimulationProblem) -> Scenario {
    var scenario: Scenario
    if let config {
      scenario = try Scenario(parsing: SimulatorFile.read(config))
    } else if demo {
      scenario = try Scenario(parsing: Scenario.demo.utf8)
    } else {
      scenario = try Scenario.simple(domains)
    }
    if let port { scenario.port = port }
    if let latency { scenario.latency = .milliseconds(Int64((latency * 1000).rounded())) }
    return scenario
  }

  private var temporaryDirectory: String {
    guard let path = getenv("TMPDIR") else { return "/tmp" }
    let text = String(cString: path)
    return text.isEmpty ? "/tmp" : text
  }

  private func write(_ simulator: Simulator, to path: String) throws(SimulationProblem) {
    let file = SimulatorConfigFile(
      simulator, stateFile: path + ".state.sqlite", credentialsPath: path + ".credentials")
    try SimulatorFile.write(file.yaml, to: path)
    if let credentials = file.credentials {
      try SimulatorFile.write(credentials, to: path + ".credentials")
    }
    let exports = file.environment.map { "export \($0.name)='\($0.value)'\n" }.joined()
    _ = SimulatorFile.send(Array(exports.utf8), to: 2)
  }
}

/// Prints the scenario of the demo.
struct ScenarioCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenario", abstract: "Print the scenario of the demo.")

  func run() throws {
    _ = SimulatorFile.send(Array((Scenario.demo + "\n").utf8), to: 1)
  }
}
