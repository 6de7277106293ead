import LosslessJSON
import RolloutCore
import Terminal
import Testing

@testable import Service

@Suite("The report of doctor")
struct DoctorReportTests {
  private let now = Instant(year: 2026, month: 11, day: 23, hour: 21)
  private let role = "arn:aws:iam::123456789012:role/rotator"

  private var report: DoctorReport {
    func missing(_ action: String, _ resources: [String] = ["*"]) -> MissingPermission {
      MissingPermission(
        account: "123456789012", principal: role, action: action, resources: resources)
    }
    return DoctorReport(
      checks: [
        DoctorCheck(.clock, "this host", .ok, "it agrees with AWS's"),
        DoctorCheck(
          .unitCredentials, "service", .warning, "AWS_PROFILE differs", fix: "run it as the service"
        ),
        DoctorCheck(.heartbeat, "service", .untested, "it has not run yet"),
        DoctorCheck(
          .iam, "tag:GetResources", .failed, "account 123456789012: refused", fix: "allow it",
          permission: missing("tag:GetResources")),
        DoctorCheck(
          .iam, "cognito-idp:UpdateUserPoolDomain", .failed, "account 123456789012: implicitDeny",
          fix: "allow it",
          permission: missing("cognito-idp:UpdateUserPoolDomain", ["arn:b", "arn:a"])),
        DoctorCheck(
          .iam, "acm:GetCertificate", .failed, "account 123456789012: refused", fix: "allow it",
          permission: missing("acm:GetCertificate")),
        DoctorCheck(.dns, "auth.example.com", .failed, "name\u{1b}[31m\nor service not known"),
      ], now: now)
  }

  private static let policy = """
    {"Version":"2012-10-17","Statement":[\
    {"Effect":"Allow","Action":["acm:GetCertificate","tag:GetResources"],"Resource":"*"},\
    {"Effect":"Allow","Action":"cognito-idp:UpdateUserPoolDomain","Resource":["arn:a","arn:b"]}]}
    """

  @Test("has the worst first, and in each fix the whole policy of its principal")
  func json() {
    let checks = report.json["checks"]?.array ?? []
    #expect(
      checks.map { ($0["result"]?.string ?? "") + " " + ($0["check"]?.string ?? "") } == [
        "failed iam", "failed iam", "failed iam", "failed dns", "warning unit_credentials",
        "untested heartbeat", "ok clock",
      ])
    #expect(
      checks.map { $0["fix"]?.string }.prefix(3).allSatisfy {
        $0 == "allow it with this policy for \(role) in account 123456789012: \(Self.policy)"
      })
    #expect(checks.last?["fix"] == .null && checks.last?["object"] == "this host")
    #expect(report.json["version"] == 1)
    #expect(report.json["generated_at"] == "2026-11-23T21:00:00Z")
    #expect(report.hasFailed)
  }

  @Test("for people is aligned, and shows each policy once, on a line of its own")
  func text() {
    #expect(
      report.text(on: Screen(width: nil, palette: .plain)) == """
        failed    iam               acm:GetCertificate: account 123456789012: refused
                                    fix: allow it with the policy for \(role) below
        failed    iam               cognito-idp:UpdateUserPoolDomain: account 123456789012: implicitDeny
                                    fix: allow it with the policy for \(role) below
        failed    iam               tag:GetResources: account 123456789012: refused
                                    fix: allow it with the policy for \(role) below
        failed    dns               auth.example.com: name\u{FFFD}[31m or service not known
        warning   unit_credentials  service: AWS_PROFILE differs
                                    fix: run it as the service
        untested  heartbeat         service: it has not run yet
        ok        clock             this host: it agrees with AWS's

        policy for \(role) in account 123456789012:
        \(Self.policy)

        4 failed, 1 warning, 1 untested, 1 ok
        """)
  }

  @Test("fits terminals of 80 and of 40 columns, but for the policies")
  func narrow() {
    for width in [40, 80, 200] {
      let text = report.text(on: Screen(width: width, palette: .plain))
      let tooWide = text.split(separator: "\n").filter { DisplayText.columns($0) > width }
      #expect(tooWide.allSatisfy { $0.hasPrefix("{") || $0.hasPrefix("policy for") }, "\(tooWide)")
    }
    #expect(
      report.text(on: Screen(width: 40, palette: .plain)).hasPrefix(
        """
        failed    iam
          acm:GetCertificate: account
          123456789012: refused
          fix: allow it with the policy for
          arn:aws:iam::123456789012:role/rotator
          below
        """))
    #expect(
      report.text(on: Screen(width: 80, palette: .coloured)).hasPrefix(
        "\u{1b}[1;31mfailed\u{1b}[0m    iam               acm:GetCertificate: account"))
  }

  @Test("for people shows the addresses of a domain that do alike in one line, and tails of ARNs")
  func addresses() throws {
    let domain = try DomainName(parsing: "auth.example.com")
    let looks: [(String, EdgeLook.Result)] = [
      ("192.0.2.1:443", leaf(left: .days(60))), ("192.0.2.2:443", leaf(left: .days(60))),
      ("192.0.2.3:443", .noRoute),
    ]
    let edges = looks.map { address, result in
      EdgeFinding(
        EdgeLook(address: address, result: result), of: domain, isServedElsewhere: true, now: now
      ).check
    }
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/60a7d5f2-4412-b8ce-adc4-25fb4d202d23"
    let report = DoctorReport(
      checks: edges + [DoctorCheck(.domain, "auth.example.com", .ok, "ACTIVE, certificate \(arn)")],
      now: now)
    #expect(
      report.text(on: Screen(width: nil, palette: .plain)) == """
        untested  edge    auth.example.com 192.0.2.3:443: this host has no route to addresses of this family
        ok        domain  auth.example.com: ACTIVE, certificate …4d202d23
        ok        edge    auth.example.com, 2 addresses: trusted: leaf 00, ends in 60 d (2027-01-22 21:00Z)

        1 untested, 3 ok
        """)
    #expect(report.json["checks"]?.array?.count == 4)
  }

  @Test("compares the variables that decide about credentials, and shows none")
  func variables() {
    func differences(
      _ service: [String], _ own: [String: String], files: [String: String] = [:]
    ) -> [String] {
      EnvironmentComparison(
        service: Array(service.joined(separator: "\0").utf8), own: own,
        reading: { files["service:" + $0].map { Array($0.utf8) } },
        { files["own:" + $0].map { Array($0.utf8) } }
      ).differences
    }
    #expect(
      differences(
        [
          "AWS_PROFILE=s3cr3t", "AWS_REGION=a", "EMPTY", "HOME=/x", "AWS_CA_BUNDLE=",
          "https_proxy=http://u:s3cr3t@p",
        ],
        ["AWS_REGION": "b", "HOME": "/y", "AWS_CONFIG_FILE": "/s3cr3t", "AWS_CA_BUNDLE": ""]) == [
          "AWS_CONFIG_FILE is set for this command only", "AWS_PROFILE is set for the service only",
          "AWS_REGION differs", "https_proxy is set for the service only",
        ])
    #expect(differences([], ["HOME": "/y"]).isEmpty)
    let service = ["CREDENTIALS_DIRECTORY=/run/c"]
    let own = ["AWS_SHARED_CREDENTIALS_FILE": "/etc/k"]
    let copies = ["service:/run/c/aws-credentials": "keys", "own:/etc/k": "keys"]
    #expect(differences(service, own, files: copies).isEmpty)
    for files in [[:], copies.merging(["own:/etc/k": "others"]) { $1 }] {
      #expect(
        differences(service, own, files: files) == ["AWS_SHARED_CREDENTIALS_FILE differs"])
    }
  }

  private func edge(
    _ result: EdgeLook.Result, elsewhere: Bool = false
  ) throws -> DoctorCheck.Result {
    EdgeFinding(
      EdgeLook(address: "192.0.2.1:443", result: result),
      of: try DomainName(parsing: "auth.example.com"), isServedElsewhere: elsewhere, now: now
    ).check.result
  }

  private func leaf(
    left: Duration, covers: Bool = true, chain: ChainVerdict = .trusted
  ) -> EdgeLook.Result {
    .served(
      ServedLeaf(
        sha256: "00", serial: "01", notAfter: now + left, coversDomain: covers, chain: chain))
  }

  @Test("judges an edge by its leaf, its chain and its end")
  func edges() throws {
    #expect(try edge(leaf(left: .days(60))) == .ok)
    #expect(try edge(leaf(left: .days(14))) == .ok)
    #expect(try edge(leaf(left: .days(14) - .seconds(1))) == .warning)
    #expect(try edge(leaf(left: .hours(72))) == .warning)
    #expect(try edge(leaf(left: .hours(72) - .seconds(1))) == .failed)
    #expect(try edge(leaf(left: .zero)) == .failed)
    #expect(try edge(leaf(left: .days(60), covers: false)) == .failed)
    #expect(try edge(leaf(left: .days(60), chain: .untrusted("no root"))) == .failed)
    #expect(try edge(leaf(left: .days(60), chain: .selfSigned)) == .failed)
    #expect(try edge(.refusing("alert"), elsewhere: true) == .failed)
    #expect(try edge(.unreachable("refused")) == .failed)
    #expect(try edge(.unreachable("refused"), elsewhere: true) == .warning)
    #expect(try edge(.noRoute) == .untested)
  }
}
