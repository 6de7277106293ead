import LosslessJSON
import Testing

@Suite("AWS in trouble", .timeLimit(.minutes(5)))
struct FaultTests {
  let name = Scene.name

  private func spoil(
    _ operation: String, by fault: String, of object: String? = nil, _ stage: Stage
  ) async throws {
    var script: [JSONValue.Member] = [
      .init("fault", .string(fault)), .init("operation", .string(operation)),
      .init("count", 100_000),
    ]
    if let object { script.append(.init("object", .string(object))) }
    try await stage.simulate("fault", .object(script))
  }

  @Test(
    "a list that cannot be had stops nothing but new decisions, and is told",
    arguments: [
      ("html_200", "html"), ("truncated", "JSON"), ("half_answer", ""), ("oversized", "bytes"),
      ("empty_object", "CertificateSummaryList"),
      ("throttled", "Rate exceeded"), ("internal_error", ""), ("unavailable", ""),
      ("html_503", ""), ("access_denied", "acm:ListCertificates"), ("unreachable", ""),
    ])
  func list(fault: String, words: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("ListCertificates", by: fault, stage)
      let new = try await stage.issue(name)
      let failed = try await daemon.line("poll.failed")
      #expect(failed["error"]?.hasPrefix("ListCertificates ") == true && failed.level == "warning")
      #expect(failed["error"]?.lowercased().contains(words.lowercased()) == true, "\(failed)")
      try await daemon.polls(1)
      // Unknown after three polls.
      let condition = try await stage.status().condition(name)
      #expect(["in_sync", "unknown"].contains(condition))
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(daemon.lines("poll.failed").count == 1, "it is logged once")
      #expect(daemon.lines("decision.blocked").first?.level == "warning")
      try await stage.simulate("release")
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("a list without an end is given up, and the next one is read")
  func endlessList() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("ListCertificates", by: "endless_pages", stage)
      let new = try await stage.issue(name)
      // 250 pages, at the rate of the operation.
      let failed = try await daemon.line("poll.failed", within: .seconds(90))
      #expect(failed["error"]?.contains("pages in a row") == true, "\(failed)")
      try await stage.simulate("release")
      try await daemon.line("rollout.completed", within: .seconds(90))
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test(
    "a domain that cannot be described is unknown, and the other one goes on",
    arguments: [
      ("html_200", "malformed_answer"), ("truncated", "malformed_answer"),
      ("oversized", "malformed_answer"), ("empty_object", "empty_description"),
      ("empty_description", "empty_description"), ("missing_members", "malformed_answer"),
      ("throttled", "throttled"), ("internal_error", "server_error"),
      ("access_denied", "access_denied"), ("unreachable", "answer_lost"),
    ])
  func describe(fault: String, code: String) async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("DescribeUserPoolDomain", by: fault, of: name, stage)
      try await stage.simulate("replace")
      let blocked = try await daemon.line("decision.blocked", domain: name)
      #expect(blocked["reason"] == code && blocked.level == "warning", "\(blocked)")
      try await daemon.line("rollout.completed", domain: Scene.other)
      let status = try await stage.status()
      #expect(status.condition(Scene.other) == "in_sync" && status.exit == 3)
      #expect(status.condition(name) == "unknown")
      #expect(status[name]["reason"]?.string?.hasPrefix(code + ": ") == true)
      #expect(status[name]["attached_certificate_arn"]?.string != nil, "what was seen stays")
      #expect(try await stage.effects(on: name).isEmpty)
      #expect(daemon.lines("decision.blocked").count { $0.level == "warning" } == 1)
      #expect(daemon.lines("decision.blocked").count { $0.level == "error" } <= 1)
      #expect(daemon.lines("poll.failed").isEmpty, "no list failed")
      try await stage.simulate("release")
      try await daemon.line("rollout.completed", domain: name)
    }
  }

  @Test(
    "a certificate whose chain could not be seen is not attached until it was",
    arguments: ["html_200", "truncated", "access_denied", "throttled"])
  func evidence(fault: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("GetCertificate", by: fault, stage)
      let new = try await stage.issue(name)
      try await daemon.polls(2)
      #expect(try await stage.calls("GetCertificate").isEmpty == false)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      let status = try await stage.status()[name]
      #expect(["in_sync", "unknown"].contains(status["condition"]?.string))
      #expect(status["reason"]?.string != nil)
      try await stage.simulate("release")
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test(
    "an update that was done and not told is not made again",
    arguments: [
      "html_200", "truncated", "oversized", "half_answer", "internal_error_afterwards",
      "empty_object", "missing_members", "unknown_values",
    ])
  func doneUntold(fault: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("UpdateUserPoolDomain", by: fault, stage)
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
      #expect(try await stage.effects(on: name) == [new])
      #expect(daemon.lines("update.refused").isEmpty)
    }
  }

  @Test(
    "an update that was not done for a reason that passes is made again, and never refused",
    arguments: [
      "throttled", "internal_error", "unavailable", "html_503", "concurrent_modification",
      "unreachable", "expired_credentials", "wrong_signature",
    ])
  func notDone(fault: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault",
        ["fault": .string(fault), "operation": "UpdateUserPoolDomain", "count": 2])
      let new = try await stage.issue(name)
      let retrying = try await daemon.line("update.retrying")
      #expect(retrying.level == "warning")
      #expect(retrying["retry_in"] != nil && retrying["error"] != nil)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(daemon.lines("update.retrying").count == 2)
      #expect(daemon.lines("update.refused").isEmpty)
      let isForKeys = ["expired_credentials", "wrong_signature"].contains(fault)
      #expect(daemon.lines("credentials.failed").isEmpty != isForKeys)
    }
  }

  @Test(
    "what is denied for one domain is told with the permission, and the other goes on",
    arguments: [
      ("access_denied", "cognito-idp:UpdateUserPoolDomain"),
      ("distribution_denied", "cloudfront:updateDistribution"),
    ])
  func denied(fault: String, permission: String) async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await spoil("UpdateUserPoolDomain", by: fault, of: name, stage)
      try await stage.simulate("replace")
      let refused = try await daemon.line("update.refused", domain: name)
      #expect(refused.level == "error" && refused["reason"] == "access_denied")
      #expect(refused["error"]?.contains(permission) == true)
      try await daemon.line("rollout.completed", domain: Scene.other)
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition(Scene.other) == "in_sync")
      #expect(status.condition(name) == "refused")
      #expect(status[name]["reason"]?.string?.contains(permission) == true)
    }
  }

  @Test("a list that lacks most members is filled in by descriptions")
  func poorList() async throws {
    var scene = Scene.one().members ?? []
    scene.append(
      .init(
        "omitted_summary_members",
        [
          "Status", "Type", "KeyAlgorithm", "NotBefore", "NotAfter", "CreatedAt", "ImportedAt",
          "SubjectAlternativeNameSummaries", "HasAdditionalSubjectAlternativeNames", "InUse",
          "RenewalEligibility", "IssuedAt",
        ]))
    scene.append(.init("page_size", 1))
    scene.append(.init("timestamps", "plain"))
    try await Stage.with(.object(scene)) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }
}
