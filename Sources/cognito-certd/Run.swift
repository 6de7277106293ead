import ArgumentParser
import Service

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the service.",
    discussion: """
      Exits with 0 after a clean stop, 1 on failure, 78 when the configuration is wrong, and \
      with --once with 3 when something needs a person.
      """)

  @OptionGroup var common: CommonOptions

  @Flag(help: "Make one pass and end.")
  var once = false

  @Flag(help: "With --once: go on until no rollout is pending or under way.")
  var wait = false

  func validate() throws {
    if wait && !once {
      throw ValidationError("--wait goes with --once; the service waits anyway")
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
