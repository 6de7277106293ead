import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Keys of another account", .timeLimit(.minutes(5)))
struct WrongAccountTests {
  /// A shared credentials file whose profile has the keys of that account.
  private func write(keysOf account: Int, to path: String) throws {
    let number = Scene.account(account)
    try EndToEndTests.write(
      """
      [prod]
      aws_access_key_id = AKIASIMULATED\(number.suffix(7))
      aws_secret_access_key = secret-of-\(number)

      """, to: path)
  }

  @Test(
    "once they are corrected in the shared file, the right ones are used",
    arguments: ["nothing", "sighup", "sigusr1", "retry"])
  func corrected(signal: String) async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      let name = Scene.name(0)
      let path = stage.directory + "/private-credentials"
      try write(keysOf: 1, to: path)
      var config = stage.config
      config.mappings = [config[name]]
      config[name].more["profile"] = "prod"
      // With no signal a poll reads the file; otherwise the signal alone can be the reason.
      config.top["poll_interval"] = signal == "nothing" ? "1s" : "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon(
        environment: ["AWS_SHARED_CREDENTIALS_FILE": path])
      let wrong = try await stage.condition("unknown", of: name)
      #expect(wrong["reason"]?.string?.hasPrefix("empty_description: ") == true)
      let new = try await stage.issue(name, more: ["account": .string(Scene.account(0))])
      try write(keysOf: 0, to: path)
      switch signal {
      case "sighup": daemon.process.send(SIGHUP)
      case "sigusr1": daemon.process.send(SIGUSR1)
      case "retry": #expect(try await stage.run("retry", name).status == 0)
      default: break
      }
      try await daemon.line("rollout.completed", domain: name, within: .seconds(15))
      #expect(try await stage.effects(on: name) == [new])
    }
  }
}
