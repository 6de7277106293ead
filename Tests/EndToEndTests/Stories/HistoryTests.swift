import Foundation
import GRDB
import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("The history command", .timeLimit(.minutes(5)))
struct HistoryTests {
  let name = Scene.name

  /// `history --json`, each line held against the contract.
  private func history(_ stage: Stage, _ arguments: String...) async throws -> [JSONValue] {
    let result = try await stage.run(
      ["history", "--json", "--config", stage.configPath] + arguments)
    try #require(result.status == 0, "\(result)")
    return try result.output.split(separator: "\n").map { line in
      let json = try JSONValue(parsing: String(line))
      #expect(
        json.members?.prefix(7).map(\.name) == [
          "at", "last_at", "count", "domain", "event", "level", "rollout",
        ])
      for time in ["at", "last_at"] { #expect(json[time]?.string.map(isTime) == true) }
      #expect((json["count"]?.int ?? 0) >= 1)
      #expect(LogLine.events.contains(json["event"]?.string ?? ""))
      #expect(LogLine.levels.contains(json["level"]?.string ?? ""))
      for member in json.members?.dropFirst(7) ?? [] { #expect(member.value.string != nil) }
      return json
    }
  }

  private func events(_ history: [JSONValue]) -> [String] {
    history.compactMap { $0["event"]?.string }
  }

  /// What differs at each run of a test is replaced by its name.
  private func masked(_ text: String) -> String {
    text.replacing(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z/, with: "TIME")
      .replacing(/(now|\d+ (s|min( \d+ s)?) ago) */, with: "AGO ")
      .replacing(/…[0-9a-f]{8}/, with: "…TAIL")
      .replacing(/request [0-9a-f-]{36}/, with: "request ID")
      .replacing(/after [0-9ms]+/, with: "after DURATION")
  }

  @Test("a rotation, what operators did and AWS's request ids are in it, in their order")
  func story() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let old = try await stage.attached(to: name)
      #expect(
        try await stage.run(["hold", name, "--config", stage.configPath], ["SUDO_USER": "alice"])
          .status == 0)
      try await daemon.line("hold.requested", domain: name)
      #expect(try await stage.run("resume", name).status == 0)
      try await daemon.line("resume.requested", domain: name)
      let new = try await stage.issue(name)
      try await daemon.line("certificate.released", domain: name)

      let lines = try await history(stage, name)
      #expect(
        events(lines) == [
          "hold.requested", "resume.requested", "replacement.found", "update.submitted",
          "update.accepted", "rollout.completed", "certificate.released",
        ])
      let user = getuid() == 0 ? "alice" : nil
      if let user { #expect(lines[0]["user"]?.string == user) }
      #expect(lines[1]["user"]?.string?.isEmpty == false)
      let calls = try await stage.calls("UpdateUserPoolDomain", domain: name)
      #expect(lines[4]["request_id"] == calls.first?["request_id"])
      #expect(lines[4]["certificate_arn"]?.string == new)
      #expect(lines[6]["certificate_arn"]?.string == old)
      #expect(Set(lines[3...6].map { $0["rollout"] }).count == 1 && lines[3]["rollout"] != .null)
      let status = try await stage.status()
      #expect(status[name]["rollout"]?["released_at"]?.string.map(isTime) == true)

      // People read the same, with the daemon and without it.
      let table = try await stage.run("history", name)
      #expect(table.status == 0 && table.errors.isEmpty)
      let masked = masked(table.output).split(separator: "\n").map(String.init)
      let who = getuid() == 0 ? "root" : lines[1]["user"]?.string ?? ""
      #expect(
        masked == [
          "TIME  AGO an operator holds the domain, and no call is made for it: by \(user ?? who)",
          "TIME  AGO an operator ends a hold, or lets a stopped wave go on: by \(who)",
          "TIME  AGO a certificate is to replace the attached one: certificate …TAIL, cause replacement, ends TIME",
          "TIME  AGO asking Cognito to attach the certificate: certificate …TAIL, cause replacement, attempt 1",
          "TIME  AGO Cognito accepted the certificate; the edges are checked until they serve it: certificate …TAIL, request ID",
          "TIME  AGO the rollout is complete: certificate …TAIL, proof edge, all 2 that answer serve the new leaf, after DURATION",
          "TIME  AGO the certificate before the rollout is no longer in use, and no edge serves it: certificate …TAIL",
        ])
      #expect(try await daemon.stop() == .exited(0))
      #expect(try await history(stage, name) == lines)
    }
  }

  @Test("a certificate is released when ACM shows it unused, and not before")
  func release() async throws {
    let scene: JSONValue = ["in_use_lag": 3, "domains": [Scene.domain()]]
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let completed = try await daemon.line("rollout.completed")
      try await daemon.polls(1)
      #expect(try await stage.status()[name]["rollout"]?["released_at"] == .null)
      let released = try await daemon.line("certificate.released")
      #expect(released["rollout"] == completed["rollout"] && released.level == "notice")
      #expect(try await stage.calls("DeleteCertificate").isEmpty)
      try await daemon.polls(2)
      #expect(daemon.lines("certificate.released").count == 1)
    }
  }

  @Test("a release is neither lost nor repeated when the daemon is killed meanwhile")
  func releaseAcrossKills() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      var daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      for _ in 0..<4 {
        daemon.crash()
        daemon = try stage.daemon()
        try await Task.sleep(for: .milliseconds(150))
      }
      _ = try await eventually("it is released") {
        try await stage.status()[name]["rollout"]?["released_at"] != .null ? true : nil
      }
      try await daemon.polls(2)
      let lines = try await history(stage)
      #expect(events(lines).count { $0 == "certificate.released" } == 1)
      #expect(lines.allSatisfy { $0["event"] != "certificate.released" || $0["count"] == 1 })
    }
  }

  @Test("AWS's request ids of failed and of refused calls are in it")
  func requestIDs() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault", ["fault": "throttled", "operation": "UpdateUserPoolDomain", "count": 1])
      _ = try await stage.issue(name)
      try await daemon.line("update.retrying")
      try await daemon.line("update.accepted")
      try await stage.simulate(
        "fault", ["fault": "access_denied", "operation": "UpdateUserPoolDomain", "count": 1])
      try await daemon.line("rollout.completed")
      _ = try await stage.issue(name)
      try await daemon.line("update.refused")
      let lines = try await history(stage, name)
      let ids = try await stage.calls("UpdateUserPoolDomain").map { $0["request_id"] }
      #expect(ids.count == 3)
      let answers = ["update.retrying", "update.accepted", "update.refused"]
      for (event, id) in zip(answers, ids) {
        let line = lines.first { $0["event"]?.string == event }
        #expect(line?["request_id"] == id, "\(event)")
        #expect(daemon.lines(event).first?["request_id"] == id?.string)
      }
    }
  }

  @Test("an order that no daemon has obeyed is named as waiting, and is recorded once it is obeyed")
  func waiting() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      #expect(try await first.stop() == .exited(0))
      #expect(try await stage.run("hold", name, "--for", "2h").status == 0)
      let before = try await stage.run("history")
      #expect(before.output.contains("Waits for the daemon: hold \(name) until 20"))
      #expect(try await history(stage).isEmpty)
      let second = try await stage.pollingDaemon()
      let line = try await second.line("hold.requested")
      #expect(line["until"].map(isTime) == true && line["user"]?.isEmpty == false)
      let after = try await stage.run("history")
      #expect(!after.output.contains("Waits for the daemon"))
      let lines = try await history(stage)
      #expect(events(lines) == ["hold.requested"] && lines[0]["until"]?.string == line["until"])
    }
  }

  @Test("--since and --limit select the newest, and a wrong value is wrong usage")
  func selection() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      try await daemon.line("certificate.released", domain: name)
      try await daemon.line("certificate.released", domain: Scene.other)
      let all = try await history(stage)
      #expect(Set(all.map { $0["domain"]?.string }) == [name, Scene.other])
      #expect(try await history(stage, "--limit", "3") == Array(all.suffix(3)))
      #expect(try await history(stage, "--since", "1h") == all)
      #expect(try await history(stage, "--since", "2020-01-01") == all)
      #expect(try await history(stage, "--since", "2999-01-01T00:00:00Z") == [])
      let middle = try #require(all[all.count / 2]["at"]?.string)
      let since = try await history(stage, "--since", middle)
      #expect(since.allSatisfy { ($0["last_at"]?.string ?? "") >= middle } && !since.isEmpty)
      let table = try await stage.run("history", "--limit", "2")
      #expect(table.output.hasPrefix("Earlier entries are not shown; see --limit and --since.\n"))
      #expect(table.output.split(separator: "\n").count == 3)
      #expect(
        try await stage.run("history", name, "--since", "2999-01-01").output
          == "Nothing is recorded of \(name) since 2999-01-01T00:00:00Z.\n")
      for wrong in [
        ["--since", "soon"], ["--since", "2026-02-30"], ["--limit", "0"], ["--limit", "x"],
      ] {
        let result = try await stage.run(["history", "--config", stage.configPath] + wrong)
        #expect(result.status == 64 && result.output.isEmpty, "\(wrong)")
        #expect(!result.errors.isEmpty)
      }
    }
  }

  @Test("an unknown domain fails with the nearest, and one that left the configuration is shown")
  func domains() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await first.line("rollout.completed", domain: name)
      #expect(try await first.stop() == .exited(0))
      var config = stage.config
      config.mappings.removeAll { $0.domain == name }
      try stage.configure(config)
      let second = try await stage.pollingDaemon()
      try await second.polls(1)
      #expect(try await events(history(stage, name)).contains("rollout.completed"))
      let unknown = try await stage.run("history", "auth.exmaple.com")
      #expect(unknown.status == 1 && unknown.output.isEmpty)
      #expect(
        unknown.errors
          == "cognito-certd: auth.exmaple.com is not among the domains of the state file; the nearest are \(name), \(Scene.other)\n"
      )
    }
  }

  @Test("a state file that is missing, damaged or newer is a clear error, and is left as it is")
  func stateFiles() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let missing = try await stage.run("history")
      #expect(missing.status == 1 && missing.output.isEmpty)
      #expect(missing.errors.contains("does not exist"))
      #expect(!FileManager.default.fileExists(atPath: stage.statePath))
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      let queue = try DatabaseQueue(path: stage.statePath)
      try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
      try queue.close()
      let newer = try await stage.run("history", "--json")
      #expect(newer.status == 1 && newer.output.isEmpty)
      #expect(newer.errors.contains("was written by a newer version"))
      let nonsense = String(repeating: "this is no database\n", count: 1000)
      try write(nonsense, to: stage.statePath)
      let damaged = try await stage.run("history")
      #expect(damaged.status == 1 && damaged.errors.contains("is damaged"))
      #expect(text(stage.statePath) == nonsense)
    }
  }

  @Test(
    "100,000 entries are read in little memory, and a pipe that closes ends the command quietly")
  func large() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      let queue = try DatabaseQueue(path: stage.statePath)
      try await queue.write { database in
        try database.execute(
          sql: """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO history (at, last_at, count, domain, event, level, fields)
              SELECT i, i, 1, 'auth.example.com', 'update.refused', 'error',
                json_object('error', printf('%0500d', i)) FROM n
            """)
      }
      try queue.close()
      let path = stage.directory + "/large.sh"
      let command =
        "'\(ChildProcess.directory)/cognito-certd' history --json --config '\(stage.configPath)'"
      try write(
        """
        set -e
        ulimit -v 1000000
        \(command) | tail -n 1
        \(command) | head -n 2 | wc -l
        \(command) > /dev/full || echo "full: $?"
        set +e
        \(command) | true
        echo "closed: ${PIPESTATUS[0]}"
        """, to: path)
      let process = try ChildProcess(
        "/bin/bash", [path], environment: stage.environment, output: stage.directory + "/large")
      #expect(try await process.end(within: .seconds(60)) == .exited(0))
      let lines = process.outputText.split(separator: "\n")
      #expect(lines.first?.contains(#""at":"1970-01-01T00:01:40Z""#) == true)
      #expect(lines.dropFirst() == ["2", "full: 1", "closed: 0"])
      let problem = "cognito-certd: standard output cannot be written: no space left on device\n"
      #expect(process.errorText == problem)
    }
  }

  @Test("it is readable while the daemon writes")
  func whileWriting() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      for _ in 0..<3 {
        _ = try await stage.issue(name)
        let before = daemon.lines("rollout.completed").count
        while daemon.lines("rollout.completed").count == before {
          _ = try await history(stage)
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      #expect(try await events(history(stage)).count { $0 == "rollout.completed" } == 3)
    }
  }
}
