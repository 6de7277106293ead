import ArgumentParser
import Service

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the service.",
    discussion: """
      Exits with 0 after a stop, with 1 after a failure, with 65 when the state file is damaged or \
      was written by a newer version, with 75 when another process has it, with 78 when the \
      configuration is invalid, and with --once with 3 when a person is needed.
      """)

  @OptionGroup var common: CommonOptions

  @Flag(help: "Poll every account once and exit.")
  var once = false

  @Flag(help: "With --once: wait until no rollout is in progress or about to begin.")
  var wait = false

  func validate() throws {
    if wait && !once {
      throw ValidationError("--wait needs --once")
    }
  }

  func run() async throws {
    let mode: Daemon.Options.Mode = wait ? .onceAndWait : once ? .once : .service
    let daemon = Daemon(
      version: Version.current,
      options: Daemon.Options(
        configPath: common.config, logLevel: common.logLevel, logFormat: common.logFormat,
        mode: mode),
      environment: common.environment)
    throw await daemon.run().exit
  }
}
