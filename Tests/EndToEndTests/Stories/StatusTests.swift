import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

/// `status` for people, as a program.
@Suite("Status on a screen", .timeLimit(.minutes(5)))
struct StatusTests {
  let name = Scene.name

  private static let slow: JSONValue = [
    "domains": [
      Scene.domain(active: 1, edges: [1.5, 6]),
      Scene.domain(
        Scene.other, pool: "eu-west-1_Fg56Hi78J",
        more: [
          "refusal": [
            "code": "InvalidParameterException",
            "message": "Custom domain is not a valid subdomain",
          ]
        ]),
    ]
  ]

  @Test("--watch writes a block for each change, and ends as status does when all is settled")
  func watch() async throws {
    try await Stage.with(StatusTests.slow) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      try await daemon.line("update.accepted", domain: name)
      let watch = try stage.process(["status", "--watch"], output: stage.directory + "/watch")
      try await daemon.line("rollout.completed", domain: name, within: .seconds(60))
      #expect(try await watch.end(within: .seconds(60)) == .exited(3))
      let blocks = watch.outputText.components(separatedBy: "cognito-certd is running").dropFirst()
      #expect(blocks.count >= 2)
      #expect(blocks.first?.contains("propagating") == true)
      #expect(blocks.first?.contains("[") == true, "there is a bar")
      #expect(blocks.last?.contains("2 domains: 1 refused, 1 in_sync") == true)
      #expect(!watch.outputText.contains("\u{1b}"), "a file is no terminal")
      #expect(watch.errorText.isEmpty)
    }
  }

  @Test("--watch of one domain that is settled ends at once")
  func settled() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.condition("in_sync", of: name, within: .seconds(30))
      let result = try await stage.run("status", "--watch", name)
      #expect(result.status == 0)
      #expect(result.output.contains("\(name)  in_sync"))
      _ = try await daemon.stop()
    }
  }

  @Test("A reader that goes away ends a watch quietly")
  func closedPipe() async throws {
    try await Stage.with(Scene.one(more: ["active_after": 600])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      try await daemon.line("update.accepted", domain: name)
      let program = ChildProcess.directory + "/cognito-certd"
      let script = """
        { "$0" status --watch --config "$1"; echo "status: $?" >&2; } | head -n 1
        { "$0" status --config "$1"; echo "once: $?" >&2; } | true
        """
      let shell = try ChildProcess(
        "/bin/bash", ["-c", script, program, stage.configPath], environment: stage.environment,
        output: stage.directory + "/shell")
      #expect(try await shell.end(within: .seconds(60)) == .exited(0))
      #expect(shell.outputText.hasPrefix("cognito-certd is running"))
      #expect(shell.errorText == "status: 0\nonce: 0\n")
    }
  }

  @Test("On a terminal the lines fit its width and have colours, and NO_COLOR is obeyed")
  func terminal() async throws {
    try await Stage.with(StatusTests.slow) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      try await daemon.line("rollout.completed", domain: name, within: .seconds(60))
      let program = ChildProcess.directory + "/cognito-certd"
      for (columns, colour) in [(40, ""), (80, ""), (80, "1"), (200, "")] {
        let path = stage.directory + "/typescript-\(columns)\(colour)"
        let command =
          "stty cols \(columns) rows 30; '\(program)' status --config '\(stage.configPath)'"
        let script = try ChildProcess(
          "/usr/bin/script", ["-qec", command, "/dev/null"],
          environment: stage.environment.merging(["TERM": "xterm", "NO_COLOR": colour]) { $1 },
          output: path)
        #expect(try await script.end() == .exited(3))
        let text = script.outputText
        #expect(text.contains("\u{1b}[") == colour.isEmpty)
        let lines = text.replacing(/\u{1b}\[[0-9;]*m/, with: "").split(separator: "\r\n")
        #expect(lines.contains { $0.hasPrefix(Scene.other) })
        #expect(lines.allSatisfy { $0.count <= columns }, "\(columns): \(lines)")
      }
    }
  }

  @Test("An unknown domain is an error with the nearest names")
  func unknownDomain() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let result = try await stage.run("status", "auth.exmaple.com")
      #expect(result.status == 1 && result.output.isEmpty)
      #expect(
        result.errors
          == "cognito-certd: auth.exmaple.com is not among the domains of the state file; the nearest are \(name), \(Scene.other)\n"
      )
      _ = try await daemon.stop()
    }
  }

  @Test("--watch and --json exclude each other")
  func usage() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      #expect(try await stage.run("status", "--watch", "--json").status == 64)
    }
  }
}
