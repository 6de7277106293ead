import ArgumentParser

/// Simulates AWS and its edges on this machine, to try and to test cognito-certd.
@main
struct SimulatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd-simulator",
    abstract: "Simulates ACM, Cognito domains and the edges that serve them on this machine.",
    discussion: """
      Everything listens on 127.0.0.1. docs/simulator.md describes scenarios and commands.
      """,
    subcommands: [ServeCommand.self, ControlCommand.self, ScenarioCommand.self])
}
