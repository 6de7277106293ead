import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("What surrounds the daemon", .timeLimit(.minutes(5)))
struct EnvironmentTests {
  let name = Scene.name

  @Test("systemd's directories are used, and status finds the heartbeat without them")
  func directories() async throws {
    try await Stage.with(Scene.one()) { stage in
      for name in ["lib", "run"] {
        try FileManager.default.createDirectory(
          atPath: stage.directory + "/" + name, withIntermediateDirectories: false)
      }
      try stage.configure(stage.config)
      let file = text(stage.configPath).split(separator: "\n")
        .filter { !$0.hasPrefix("state_file") }.joined(separator: "\n")
      try write(file + "\n", to: stage.configPath)
      let state = ["STATE_DIRECTORY": stage.directory + "/lib"]
      _ = try await stage.pollingDaemon(
        environment: state.merging(["RUNTIME_DIRECTORY": stage.directory + "/run"]) { $1 })
      #expect(text(stage.directory + "/run/heartbeat").contains("last_successful_poll_at"))
      let names = try FileManager.default.contentsOfDirectory(atPath: stage.directory + "/lib")
      #expect(names.contains("state.sqlite") && !names.contains("state.sqlite.heartbeat"))
      let result = try await stage.run("status", "--json", environment: state)
      let json = try JSONValue(parsing: result.output)
      #expect(result.status == 0)
      #expect(json["daemon"]?["last_successful_poll_at"]?.string.map(isTime) == true)
    }
  }

  @Test(
    "an endpoint that cannot be meant ends with 78 and the variable's name, not its value",
    arguments: ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ACM"])
  func endpoint(variable: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let result = try await stage.run(
        "run", environment: [variable: "https://me:hunter2@example.com"])
      #expect(result.status == 78)
      #expect(result.errors.contains(variable) && !result.errors.contains("hunter2"))
    }
  }

  @Test("a reader of the log that goes away takes nothing with it")
  func logReader() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let path = stage.directory + "/gone.err"
      #expect(mkfifo(path, 0o600) == 0)
      let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      let daemon = try stage.process(["run"], output: stage.directory + "/gone")
      var buffer = [UInt8](repeating: 0, count: 4096)
      _ = try await eventually("a line") { read(reader, &buffer, 4096) > 0 ? true : nil }
      close(reader)
      unlink(path)
      let new = try await stage.issue(name)
      _ = try await eventually("it is proven") {
        let status = try await stage.status()[name]
        return status["rollout"]?["proof"] == "edge" ? true : nil
      }
      #expect(try await stage.effects(on: name) == [new])
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == .exited(0))
    }
  }

  @Test("the log has the form and the level that were asked for")
  func log() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.log = ["level": "info"]
      config.top["poll_interval"] = "5m"
      try stage.configure(config)
      let plain = try await stage.run("run", "--once")
      #expect(plain.status == 0)
      let lines = plain.errors.split(separator: "\n")
      #expect(
        lines.map { $0.split(separator: " ")[2] } == [
          "event=daemon.started", "event=config.loaded", "event=daemon.stopping",
        ])
      #expect(lines.allSatisfy { $0.hasPrefix("time=20") })
      let quiet = try await stage.run("run", "--once", "--log-level", "warning")
      #expect(quiet.status == 0 && quiet.errors.isEmpty)
      let fine = try await stage.run(
        "run", "--once", "--log-level", "debug", "--log-format", "json")
      let parsed = fine.errors.split(separator: "\n").compactMap(LogLine.init)
      #expect(parsed.contains { $0.event == "poll.completed" && $0.level == "debug" })
    }
  }
}
