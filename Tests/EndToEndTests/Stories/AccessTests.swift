import LosslessJSON
import TestSupport
import Testing

/// What the daemon does with each source of credentials.
@Suite("Every source of credentials", .timeLimit(.minutes(5)))
struct AccessTests {
  static let name = Scene.name(0)
  let name = AccessTests.name
  let account = Scene.account(0)

  enum Way: String, CaseIterable, Sendable {
    case role, profiles, webIdentity, process, container, metadata

    func access(_ stage: Stage, to account: String) throws -> Access {
      switch self {
      case .role: stage.accessByRole(to: account)
      case .profiles: try stage.accessByProfiles(to: account)
      case .webIdentity: try stage.accessByWebIdentity(to: account)
      case .process: try stage.accessByProcess(to: account)
      case .container: try stage.accessByContainer()
      case .metadata: stage.accessByMetadata()
      }
    }

    /// The end of the ARN under which AWS sees the calls.
    var principal: String {
      switch self {
      case .role: "assumed-role/cert-rotator/cognito-certd"
      case .profiles: "assumed-role/cert-rotator/through-the-hub"
      case .webIdentity: "assumed-role/cert-rotator/web-identity"
      case .process: "user/cert-rotator"
      case .container: "assumed-role/cert-rotator/\(Scene.container)"
      case .metadata: "assumed-role/cert-rotator/i-0123456789abcdef0"
      }
    }
  }

  /// Issues a certificate for the account's domain, and waits for its rollout.
  private func rotate(_ stage: Stage, _ daemon: Daemon, account index: Int = 0) async throws {
    let new = try await stage.issue(
      Scene.name(index), more: ["account": .string(Scene.account(index))])
    try await daemon.line("rollout.completed", domain: Scene.name(index))
    #expect(try await stage.effects(on: Scene.name(index)) == [new])
  }

  @Test("a certificate is rotated with the credentials of every source", arguments: Way.allCases)
  func rotation(way: Way) async throws {
    try await Stage.with(Scene.reached()) { stage in
      let environment = try stage.configure(way.access(stage, to: account))
      let daemon = try await stage.pollingDaemon(environment: environment)
      try await rotate(stage, daemon)
      #expect(daemon.lines("credentials.failed").isEmpty)
      let update = try #require(try await stage.calls("UpdateUserPoolDomain").first)
      #expect(update["account"]?.string == account)
      #expect(update["principal"]?.string?.hasSuffix(":" + way.principal) == true, "\(update)")
    }
  }

  @Test("through a profile chain each role is assumed once for all domains")
  func chain() async throws {
    try await Stage.with(Scene.reached()) { stage in
      let environment = try stage.configure(stage.accessByProfiles(to: account))
      let daemon = try await stage.pollingDaemon(environment: environment)
      try await daemon.polls(2)
      let calls = try await stage.calls("AssumeRole")
      #expect(
        calls.map { $0["object"]?.string } == [Scene.role(Scene.base, "hub"), Scene.role(account)])
      #expect(calls.map { $0["account"]?.string } == [Scene.base, Scene.base])
      #expect(calls.map { $0["external_id_sent"]?.bool } == [false, true])
      #expect(calls.last?["role_session_name"] == "through-the-hub")
    }
  }

  @Test("a role that refuses is credentials.failed, without the external id, and the others go on")
  func refusal() async throws {
    try await Stage.with(Scene.reached(3)) { stage in
      let refused = Scene.role(Scene.account(1))
      try await stage.simulate("set_role", ["arn": .string(refused), "trusted": []])
      try stage.configureRoles()
      let daemon = try stage.daemon()
      let failed = try await daemon.line("credentials.failed")
      #expect(failed.level == "error")
      let error = failed["error"] ?? ""
      #expect(error.contains("sts:AssumeRole") && error.contains(refused), "\(error)")
      #expect(error.contains("external id") && !error.contains(Scene.externalID), "\(error)")
      try await rotate(stage, daemon, account: 0)
      try await rotate(stage, daemon, account: 2)
      #expect(try await stage.status().condition(Scene.name(1)) == "unknown")
      #expect(Set(daemon.lines("credentials.failed").map { $0["identity"] }).count == 1)
      try await stage.simulate("set_role", ["arn": .string(refused), "trusted": nil])
      try await rotate(stage, daemon, account: 1)
    }
  }

  @Test("keys that expire every few seconds are refreshed without a failed request")
  func refresh() async throws {
    try await Stage.with(Scene.reached(2, lifetime: 6)) { stage in
      try stage.configureRoles()
      let daemon = try await stage.pollingDaemon()
      let assumed = { try await stage.calls("AssumeRole").count }
      _ = try await eventually("the keys are refreshed twice", within: .seconds(60)) {
        try await assumed() >= 6 ? true : nil
      }
      #expect(daemon.lines("credentials.failed").isEmpty)
      #expect(daemon.lines("poll.failed").isEmpty)
      let calls = try await stage.simulate("calls")["calls"]?.array ?? []
      #expect(calls.allSatisfy { $0["status"] == 200 })
    }
  }

  @Test(
    "metadata that answers nonsense is credentials.failed until it answers well",
    arguments: ["html_200", "truncated", "html_503", "access_denied", "empty_object"])
  func wrongMetadata(fault: String) async throws {
    try await Stage.with(Scene.reached()) { stage in
      let environment = try stage.configure(stage.accessByMetadata())
      for operation in ["GetMetadata", "GetMetadataCredentials"] {
        try await stage.simulate(
          "fault",
          ["fault": .string(fault), "operation": .string(operation), "count": 100_000])
      }
      let daemon = try stage.daemon(environment: environment)
      let failed = try await daemon.line("credentials.failed")
      #expect(failed["error"]?.contains("metadata") == true, "\(failed)")
      try await stage.simulate("release")
      try await rotate(stage, daemon)
    }
  }

  @Test("a metadata service that refuses every token, or has no role, is credentials.failed")
  func refusingMetadata() async throws {
    for change: JSONValue in [["refuses_tokens": true], ["role": nil], ["lifetime": -60]] {
      try await Stage.with(Scene.reached()) { stage in
        let environment = try stage.configure(stage.accessByMetadata())
        try await stage.simulate("set_metadata", change)
        let daemon = try stage.daemon(environment: environment)
        try await daemon.line("credentials.failed")
        try await stage.simulate(
          "set_metadata",
          [
            "refuses_tokens": false, "role": .string(Scene.role(account)), "lifetime": 3600,
          ])
        try await rotate(stage, daemon)
      }
    }
  }

  @Test("a token of the metadata service that has become invalid is replaced")
  func invalidatedToken() async throws {
    try await Stage.with(Scene.reached()) { stage in
      let environment = try stage.configure(stage.accessByMetadata())
      try await stage.simulate("set_metadata", ["lifetime": 4])
      let daemon = try await stage.pollingDaemon(environment: environment)
      try await stage.simulate("set_metadata", ["invalidate_tokens": true])
      let before = try await stage.calls("GetMetadataCredentials").count
      _ = try await eventually("the keys are refreshed") {
        try await stage.calls("GetMetadataCredentials").count > before ? true : nil
      }
      try await rotate(stage, daemon)
      #expect(daemon.lines("credentials.failed").isEmpty)
    }
  }

  @Test("SIGTERM ends the daemon while the metadata service or STS hangs")
  func stop() async throws {
    for (operation, way) in [("PutMetadataToken", Way.metadata), ("AssumeRole", .role)] {
      try await Stage.with(Scene.reached()) { stage in
        let environment = try stage.configure(way.access(stage, to: account))
        try await stage.simulate(
          "fault",
          ["fault": "unanswered", "operation": .string(operation), "count": 100_000])
        let daemon = try stage.daemon(environment: environment)
        _ = try await eventually("\(operation) was sent") {
          try await stage.calls(operation).isEmpty ? nil : true
        }
        #expect(try await daemon.stop() == .exited(0))
      }
    }
  }

  @Test("no secret of any source is written", arguments: Way.allCases)
  func secrets(way: Way) async throws {
    try await Stage.with(Scene.reached(lifetime: 6)) { stage in
      let environment = try stage.configure(way.access(stage, to: account))
      let daemon = try await stage.pollingDaemon(environment: environment)
      for fault in ["access_denied", "wrong_signature", "truncated", "html_200"] {
        for operation in [
          "AssumeRole", "AssumeRoleWithWebIdentity", "GetMetadata", "GetContainerCredentials",
          "ListCertificates",
        ] {
          try await stage.simulate(
            "fault", ["fault": .string(fault), "operation": .string(operation)])
        }
        try await daemon.polls(2)
      }
      try await stage.simulate("release")
      try await rotate(stage, daemon)
    }
  }
}
