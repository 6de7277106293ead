import LosslessJSON
import TestSupport
import Testing

/// The questions of the README: each is answered by the output of the command that it names.
@Suite("The questions of an operator", .timeLimit(.minutes(5)))
struct QuestionTests {
  let name = Scene.name

  @Test("The README names the commands that answer")
  func table() throws {
    let rows = try MarkdownFile("README.md").rows(under: "question")
    let commands = rows.compactMap { CodeSpans.of($0.last ?? "").first?.split(separator: " ") }
      .compactMap { $0.dropFirst().first.map(String.init) }
    #expect(
      commands == [
        "status", "explain", "plan", "status", "probe", "history", "history", "doctor",
      ])
  }

  @Test("Why does it not rotate? What will it do next? Who held it?")
  func waiting() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await stage.run("hold", name).status == 0)
      try await daemon.line("hold.requested")
      let new = try await stage.issue(name).suffix(8)
      let why = try await stage.run("explain", name).output
      #expect(
        why.hasPrefix("\(name) is to move to …\(new) and waits: until 'resume'"), "\(why)")
      let next = try await stage.run("plan").output
      #expect(next.contains("wait    \(name)"), "\(next)")
      let history = try await stage.run("history", name).output
      let entry = try #require(
        history.split(separator: "\n").last { $0.contains("hold") }, "\(history)")
      #expect(entry.contains("by "), "\(entry)")
    }
  }

  @Test("Does anything need me? Which permission is missing?")
  func refused() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "cloudfront:updateDistribution"])
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.line("update.refused")
      let status = try await stage.run("status")
      #expect(status.status == 3)
      let line = status.output.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
      #expect(line.contains("refused") && line.contains("cloudfront:updateDistribution"), "\(line)")
      let why = try await stage.run("explain", name).output
      #expect(why.contains("because Cognito refuses"), "\(why)")
      let (_, doctor) = try await stage.answer("doctor", statuses: [0, 3])
      let action = doctor["checks"]?.array?.first {
        $0["check"] == "iam" && $0["object"] == "cloudfront:updateDistribution"
      }
      #expect(["failed", "untested"].contains(action?["result"]?.string), "\(doctor.encoded)")
    }
  }

  @Test("Do viewers get the new certificate? Who attached this? Is it safe to delete the old one?")
  func completed() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let old = try await stage.attached(to: name)
      let new = try await stage.issue(name)
      try await daemon.line("update.accepted")
      let when = try await stage.run("status", name).output
      #expect(when.contains("window"), "\(when)")
      try await daemon.line("certificate.released")
      let viewers = try await stage.run("probe", name)
      #expect(viewers.status == 0 && viewers.output.hasPrefix("\(name): proven, 2 of 2 edges"))
      let history = try await stage.run("history", name).output
      let lines = history.split(separator: "\n").map(String.init)
      let attached = lines.first { $0.contains("Cognito accepted") } ?? ""
      #expect(
        attached.contains("…\(new.suffix(8))") && attached.contains("request "), "\(history)")
      #expect(
        lines.last?.contains("no longer in use") == true
          && lines.last?.contains("…\(old.suffix(8))") == true, "\(history)")
      let (_, explained) = try await stage.answer("explain", name)
      let former = explained["candidates"]?.array?.first { $0["certificate_arn"]?.string == old }
      #expect(former?["released_at"]?.string?.hasSuffix("Z") == true, "\(explained.encoded)")
    }
  }
}

extension QuestionTests {
  @Test("doctor names a domain that needs a person, with the command that explains it")
  func condition() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("revoke", ["arn": .string(try await stage.attached(to: name))])
      let daemon = try await stage.pollingDaemon()
      try await daemon.line("candidate.missing")
      let (exit, json) = try await stage.answer("doctor", statuses: [3])
      let check = json["checks"]?.array?.first { $0["check"] == "condition" }
      #expect(exit == 3 && check?["result"] == "failed", "\(json.encoded)")
      #expect(check?["object"]?.string == name)
      #expect(check?["detail"]?.string?.hasPrefix("no_candidate: not_issued: ") == true)
      #expect(check?["fix"]?.string == "cognito-certd explain \(name)")
    }
  }
}
