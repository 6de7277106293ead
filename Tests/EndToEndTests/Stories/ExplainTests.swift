import LosslessJSON
import TestSupport
import Testing

@Suite("explain and probe", .timeLimit(.minutes(5)))
struct ExplainTests {
  let name = Scene.name

  @Test("explain lists every certificate with the reason that it was not chosen")
  func verdicts() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let attached = try await stage.attached(to: name)
      let short = try await stage.issue(name, more: ["not_after": 259_200])
      let foreign = try await stage.issue("other.example.net")
      let verdicts = try await stage.verdicts(name)
      #expect(verdicts[attached] == "attached")
      #expect(verdicts[short] == "expires_too_soon")
      #expect(verdicts[foreign] == "name_not_covered")
      let (_, json) = try await stage.answer("explain", name)
      #expect(json["action"] == "none" && json["chosen_certificate_arn"]?.string == attached)
      let summary = json["summary"]?.string ?? ""
      #expect(
        summary.hasPrefix(
          "stays on …\(attached.suffix(8)): …\(short.suffix(8)) is newer but not eligible: "),
        "\(summary)")
      #expect(summary.hasSuffix("min_remaining is 7d"), "\(summary)")
    }
  }

  @Test("explain of what cannot be seen names the missing action and ends with 1")
  func denied() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "cognito-idp:DescribeUserPoolDomain"])
      let (_, json) = try await stage.answer("explain", name, statuses: [1])
      #expect(json["action"] == "blocked" && json["reason"]?["code"] == "access_denied")
      #expect(
        json["summary"]?.string?.contains("cognito-idp:DescribeUserPoolDomain") == true,
        "\(json.encoded)")
    }
  }

  @Test("a domain that is not configured: the nearest name, and 1")
  func unknown() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      for command in ["explain", "probe"] {
        let result = try await stage.run(command, "auht.example.com")
        #expect(result.status == 1)
        #expect(
          result.errors
            == "cognito-certd: auht.example.com is not among the domains of the configuration; the nearest is \(name)\n"
        )
        #expect(try await stage.run(command, "not a domain").status == 64)
      }
    }
  }

  @Test("probe proves the attached certificate, and not one that no edge serves yet")
  func probe() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let (_, proven) = try await stage.answer("probe", name)
      #expect(proven["proven"] == true)
      let attached = try await stage.attached(to: name)
      #expect(proven["wanted"]?["certificate_arn"]?.string == attached)
      for edge in proven["edges"]?.array ?? [] {
        expect(
          edge,
          has: [
            "address", "state", "sha256", "serial", "subject", "issuer", "not_after",
            "tls_version", "error", "milliseconds",
          ])
        #expect(edge["state"] == "serving" && edge["sha256"] == proven["wanted"]?["sha256"])
        #expect(edge["subject"]?.string == "CN=\(name)" && edge["tls_version"] == "TLSv1.3")
        #expect((edge["milliseconds"]?.int ?? -1) >= 0)
      }
      #expect(proven["edges"]?.array?.count == 2)
      let new = try await stage.issue(name)
      let (exit, json) = try await stage.answer("probe", name, statuses: [3])
      #expect(exit == 3 && json["proven"] == false)
      #expect(json["wanted"]?["certificate_arn"]?.string == new)
      #expect(json["edges"]?.array?.allSatisfy { $0["state"] == "other" } == true)
    }
  }

  @Test("probe without credentials shows what the edges serve, and proves nothing")
  func probeWithoutCredentials() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      let result = try await stage.run(
        ["probe", name, "--json", "--config", stage.configPath],
        [
          "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
          "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true",
        ])
      let json = try JSONValue(parsing: result.output)
      #expect(result.status == 3 && json["proven"] == false)
      #expect(json["wanted"]?["sha256"] == .null, "\(json.encoded)")
      #expect(json["edges"]?.array?.count == 2)
      #expect(result.errors.contains("nothing is proven"), "\(result.errors)")
      #expect(result.errors.contains("AWS_SHARED_CREDENTIALS_FILE"), "\(result.errors)")
    }
  }
}
