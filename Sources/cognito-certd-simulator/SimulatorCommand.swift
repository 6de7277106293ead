import ArgumentParser

/// AWS and its edges on this machine, to see cognito-certd at work or to test it.
@main
struct SimulatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd-simulator",
    abstract: "AWS's ACM and Cognito domains, and the edges that serve them, on this machine.",
    discussion: "Everything listens on 127.0.0.1. Scenarios and commands: docs/simulator.md.",
    subcommands: [ServeCommand.self, ControlCommand.self, ScenarioCommand.self])
}
