import Configuration
import RolloutCore
import Testing

@Suite("Valid configuration files")
struct ValidConfigurationTests {
  static func load(
    _ name: String, environment: [String: String] = Fixtures.environment
  ) throws(InvalidConfiguration) -> Configuration {
    try ConfigurationLoader.load(
      path: "\(Fixtures.directory)/valid/\(name).yaml", environment: environment)
  }

  @Test("A file with one domain leaves everything else at its default")
  func minimal() throws {
    let configuration = try Self.load("minimal", environment: [:])
    let mapping = Mapping(
      domain: try DomainName(parsing: "auth.example.com"),
      userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
      region: try Region(parsing: "eu-west-1"))
    #expect(
      configuration
        == Configuration(
          fleet: Fleet(mappings: [mapping], pacing: Pacing()),
          stateFile: "/var/lib/cognito-certd/state.sqlite",
          log: LogSettings(level: .info, format: .auto),
          path: "\(Fixtures.directory)/valid/minimal.yaml", warnings: []))
  }

  @Test("Every key is obeyed")
  func full() throws {
    let configuration = try Self.load("full")
    #expect(
      configuration.fleet.pacing
        == Pacing(
          pollInterval: .seconds(90), concurrency: 1024, driftInterval: .hours(2),
          maxInFlight: 20, stopAfterFailures: 10_000, waveSoak: .days(1),
          retryInitial: .milliseconds(500),
          retryMaximum: .hours(1), window: .hours(2), checkInterval: .seconds(10),
          maxCheckInterval: .milliseconds(93_784_005), confirmations: 100, resubmits: 0,
          idleProbeInterval: nil, expiryWarnings: [.days(90), .days(1), .hours(12)]))
    #expect(configuration.stateFile == "/srv/cognito certd/state.sqlite")
    #expect(configuration.log == LogSettings(level: .trace, format: .logfmt))
    let selector = CertificateSelector(
      arn: try CertificateARN(
        parsing: "arn:aws:acm:us-east-1:123456789012:certificate/"
          + "12345678-1234-1234-1234-123456789012"),
      domainName: "*.example.com",
      tags: [
        "app": "login", "version": "2", "enabled": "yes", "odd key": "", "a:b": "*x",
        "note": "!&*",
      ],
      types: [.imported], keyAlgorithms: [KeyAlgorithm("EC_prime256v1"), KeyAlgorithm("RSA_2048")],
      minRemaining: .days(30), soak: .minutes(90))
    let probe = ProbeTarget(
      isEnabled: false,
      connectTo: [
        ProbeTarget.Endpoint(host: "edge.example.net", port: 8443),
        ProbeTarget.Endpoint(host: "edge_1", port: 443),
        ProbeTarget.Endpoint(host: "192.0.2.7", port: 443),
        ProbeTarget.Endpoint(host: "2001:db8::7", port: 65535),
        ProbeTarget.Endpoint(host: "::1", port: 443),
      ])
    let mapping = Mapping(
      domain: try DomainName(parsing: "auth.example.com"),
      userPoolID: try UserPoolID(parsing: "us-gov-west-1_Ab12Cd34E"),
      region: try Region(parsing: "eu-central-1"),
      identity: Identity(
        profile: "prod & test", roleARN: "arn:aws-us-gov:iam::123456789012:role/certs/rotator",
        externalID: "from/the:environment", roleSessionName: "rotator@example.com"),
      selector: selector, mode: .observe, onDrift: .report, wave: 1000,
      caFile: "\(Fixtures.directory)/valid/roots.pem", probe: probe)
    #expect(configuration.fleet.mappings == [mapping])
    #expect(configuration.warnings == [])
  }

  @Test("A mapping inherits every key that it lacks, also inside certificate and probe")
  func defaults() throws {
    let mappings = try Self.load("defaults").fleet.mappings
    let edge = ProbeTarget.Endpoint(host: "edge.example.net", port: 443)
    func inherited(_ name: String, _ pool: String) throws -> Mapping {
      Mapping(
        domain: try DomainName(parsing: name), userPoolID: try UserPoolID(parsing: pool),
        region: try Region(parsing: "eu-west-3"),
        identity: Identity(
          profile: "shared", roleARN: "arn:aws:iam::123456789012:role/shared",
          externalID: "shared-id", roleSessionName: "shared-session"),
        selector: CertificateSelector(
          domainName: "*.example.com", tags: ["app": "login"], types: [.imported],
          soak: .hours(1)),
        mode: .observe, onDrift: .report, wave: 5,
        caFile: "\(Fixtures.directory)/valid/roots.pem",
        probe: ProbeTarget(isEnabled: false, connectTo: [edge]))
    }
    let own = Mapping(
      domain: try DomainName(parsing: "b.example.com"),
      userPoolID: try UserPoolID(parsing: "eu-west-1_B"),
      region: try Region(parsing: "us-west-2"),
      identity: Identity(
        profile: "own", roleARN: "arn:aws:iam::210987654321:role/own", externalID: "own-id",
        roleSessionName: "shared-session"),
      selector: CertificateSelector(domainName: "*.example.com", types: [.amazonIssued]),
      mode: .apply, onDrift: .restore, wave: 0, rollback: .on,
      caFile: "\(Fixtures.directory)/valid/roots.pem",
      probe: ProbeTarget(isEnabled: true, connectTo: [edge]))
    #expect(
      mappings == [
        try inherited("a.example.com", "eu-west-1_A"), own,
        try inherited("c.example.com", "eu-west-1_C"),
      ])
  }

  @Test(
    "The word cloudfront in connect_to means the domain's distribution, alone or in a list",
    arguments: [
      ("cloudfront", [], [443]), ("CloudFront", [], [443]), ("cloudfront:8443", [], [8443]),
      ("[cloudfront]", [], [443]), ("[cloudfront, 'cloudfront:8443']", [], [443, 8443]),
      (
        "[edge.example.net, cloudfront, '192.0.2.7:444']",
        ["edge.example.net:443", "192.0.2.7:444"], [443]
      ),
      ("cloudfront.example.net", ["cloudfront.example.net:443"], []),
      ("'${WORD}'", [], [443]),
    ] as [(String, [String], [Int])])
  func distribution(written: String, hosts: [String], ports: [Int]) throws {
    let outcome = Outcome(
      parsing: """
        defaults: { probe: { connect_to: \(written) } }
        domains:
          - domain: auth.example.com
            user_pool_id: eu-west-1_Ab12Cd34E
            certificate: { any: true }
        """, environment: ["WORD": "cloudfront"])
    #expect(outcome.lines == [])
    let probe = try #require(outcome.configuration?.fleet.mappings.first?.probe)
    #expect(probe.connectTo.map(\.description) == hosts)
    #expect(probe.distributionPorts == ports)
  }

  @Test(
    "An address to listen on is an IP address with a port, or only a port",
    arguments: [
      ("127.0.0.1:9464", ListenAddress(.ipv4("127.0.0.1"), port: 9464)),
      ("'[::1]:0'", ListenAddress(.ipv6("::1"), port: 0)),
      ("'[FE80::A]:65535'", ListenAddress(.ipv6("fe80::a"), port: 65535)),
      ("':9464'", ListenAddress(.any, port: 9464)),
    ])
  func listening(written: String, address: ListenAddress) throws {
    let outcome = Outcome(
      parsing: """
        metrics: { listen: \(written), textfile: /var/lib/node_exporter/a.prom }
        domains:
          - domain: auth.example.com
            user_pool_id: eu-west-1_Ab12Cd34E
            certificate: { any: true }
        """)
    #expect(outcome.lines == [])
    #expect(
      outcome.configuration?.metrics
        == MetricsSettings(listen: address, textfile: "/var/lib/node_exporter/a.prom"))
    #expect(
      address.description
        == written.lowercased().filter { $0 != "'" })
  }

  @Test("Variables are expanded in values but not in keys, and $$ is a dollar sign")
  func environment() throws {
    let configuration = try Self.load("environment")
    #expect(configuration.fleet.pacing.pollInterval == .minutes(10))
    #expect(configuration.fleet.pacing.concurrency == 4)
    let mappings = configuration.fleet.mappings
    #expect(mappings.map(\.domain.text) == ["auth.example.com", "login.example.com"])
    #expect(mappings.first?.userPoolID.text == "eu-west-1_Ab12Cd34E")
    #expect(mappings.last?.identity.profile == "${SECRET} costs $5 $")
    #expect(mappings.last?.selector.tags == ["${SECRET}": "${SECRET}x4y"])
    #expect(
      mappings.last?.probe.connectTo == [ProbeTarget.Endpoint(host: "edge.example.net", port: 8443)]
    )
  }

  @Test("The value of a variable is not expanded again")
  func expandedOnce() {
    let outcome = Outcome(
      parsing: """
        domains:
          - domain: auth.example.com
            user_pool_id: eu-west-1_Ab12Cd34E
            certificate: { any: true }
            profile: a${OUTER}b
        """,
      environment: ["OUTER": "$${INNER}${INNER}", "INNER": "x"])
    #expect(
      outcome.configuration?.fleet.mappings.first?.identity.profile == "a$${INNER}${INNER}b")
  }

  @Test(
    "The state file is in systemd's state directory unless the file names one",
    arguments: [
      (nil, "/var/lib/cognito-certd/state.sqlite"), ("", "/var/lib/cognito-certd/state.sqlite"),
      ("/var/lib/a", "/var/lib/a/state.sqlite"), ("/var/lib/a/", "/var/lib/a/state.sqlite"),
      ("/var/lib/a:/var/lib/b", "/var/lib/a/state.sqlite"),
    ])
  func stateDirectory(variable: String?, path: String) throws {
    let environment = variable.map { ["STATE_DIRECTORY": $0] } ?? [:]
    #expect(try Self.load("minimal", environment: environment).stateFile == path)
    #expect(
      try Self.load("full", environment: Fixtures.environment.merging(environment) { $1 }).stateFile
        == "/srv/cognito certd/state.sqlite")
  }

  @Test("A relative state directory is an error that does not show its value")
  func relativeStateDirectory() {
    let outcome = Outcome { () throws(InvalidConfiguration) in
      try Self.load("minimal", environment: ["STATE_DIRECTORY": "s3cr3t"])
    }
    #expect(outcome.configuration == nil)
    #expect(outcome.problems.map(\.path) == ["state_file"])
    #expect(!outcome.lines.joined().contains("s3cr3t"))
  }

  static let limits: [(line: String, isAccepted: Bool)] = [
    ("poll_interval: 1s", true), ("poll_interval: 999ms", false),
    ("poll_interval: 3650d", true), ("poll_interval: 3650d1ms", false),
    ("concurrency: 1", true), ("concurrency: 1024", true), ("concurrency: 1025", false),
    ("retry: { initial: 1ms, maximum: 1ms }", true),
    ("retry: { initial: 2ms, maximum: 1ms }", false),
    ("propagation: { check_interval: 5m }", true),
    ("propagation: { check_interval: 5m1ms }", false),
    ("propagation: { window: 1ms }", true), ("propagation: { confirmations: 1 }", true),
    ("propagation: { confirmations: 101 }", false), ("propagation: { resubmits: 100 }", true),
    ("propagation: { idle_probe_interval: 1ms }", true), ("defaults: { wave: 1000 }", true),
    ("max_in_flight: 10000", true), ("max_in_flight: 10001", false), ("max_in_flight: 0", true),
    ("stop_after_failures: 0", true), ("stop_after_failures: 10001", false),
    ("wave_soak: 0", true), ("wave_soak: 5", false), ("defaults: { rollback: off }", true),
    ("defaults: { rollback: \"on\" }", true), ("defaults: { rollback: false }", false),
    ("defaults: { rollback: ON }", false),
    ("defaults: { wave: 1001 }", false), ("defaults: { probe: { connect_to: \"a:1\" } }", true),
    ("defaults: { probe: { connect_to: \"a:65535\" } }", true), ("log: { level: critical }", true),
    ("expiry_warnings: []", true), ("expiry_warnings: [1ms]", true),
    ("expiry_warnings: [0]", false), ("expiry_warnings: [3650d]", true),
    ("expiry_warnings: [3650d1ms]", false), ("expiry_warnings: 30d", false),
    ("log: { format: json }", true), ("log: { format: auto }", true),
  ]

  @Test("Values at their limits are accepted, those beyond are not", arguments: limits)
  func limit(line: String, isAccepted: Bool) {
    let outcome = Outcome(
      parsing: """
        domains:
          - { domain: a.example.com, user_pool_id: eu-west-1_A, certificate: { any: true } }
        \(line)
        """)
    #expect((outcome.configuration != nil) == isAccepted, "\(outcome.lines)")
  }

  @Test("A poll interval of 30s is accepted, a shorter one with a warning")
  func pollWarning() {
    func warnings(_ interval: String) -> [ConfigurationProblem] {
      Outcome(
        parsing: """
          poll_interval: \(interval)
          domains:
            - { domain: a.example.com, user_pool_id: eu-west-1_A, certificate: { any: true } }
          """
      ).problems
    }
    #expect(warnings("30s") == [])
    #expect(warnings("29s999ms").map(\.severity) == [.warning])
  }

  @Test("Expiry warnings are sorted, and equal ones count once")
  func expiryWarnings() {
    func expiryWarnings(_ value: String) -> [Duration]? {
      Outcome(
        parsing: """
          expiry_warnings: \(value)
          domains:
            - { domain: a.example.com, user_pool_id: eu-west-1_A, certificate: { any: true } }
          """
      ).configuration?.fleet.pacing.expiryWarnings
    }
    #expect(expiryWarnings("[1d, 30d, 24h, 7d]") == [.days(30), .days(7), .days(1)])
    #expect(expiryWarnings("[]") == [])
  }

  @Test(
    "Mode observe has a warning only if a domain with mode apply has a higher wave",
    arguments: [
      (["observe 0", "apply 1"], ["domains[0].mode"]),
      (["apply 1", "observe 0"], ["domains[1].mode"]),
      (["observe 0", "observe 1", "apply 2"], ["domains[0].mode", "domains[1].mode"]),
      (["observe 1", "apply 1"], []), (["observe 2", "apply 1"], []),
      (["observe 0", "observe 1"], []), (["apply 0", "apply 1"], []), (["observe 0"], []),
    ] as [([String], [String])])
  func observedWaves(mappings: [String], paths: [String]) {
    let entries = mappings.enumerated().map { index, mapping in
      let words = mapping.split(separator: " ")
      return """
          - domain: d\(index).example.com
            user_pool_id: eu-west-1_P\(index)
            certificate: { any: true }
            mode: \(words[0])
            wave: \(words[1])

        """
    }
    let outcome = Outcome(parsing: "domains:\n" + entries.joined())
    #expect(outcome.configuration != nil)
    #expect(outcome.problems.map(\.path) == paths)
    #expect(outcome.problems.allSatisfy { $0.severity == .warning })
  }

  @Test("Quotes, comments, blocks, CRLF and a byte order mark are accepted")
  func forms() {
    let text = """
      \u{FEFF}# & * ! in a comment
      log: {level: 'debug', "format": "json"} # &x *y !z
      domains:
      - domain: >-
          auth.example.com
        user_pool_id: "eu-west-1_\\u0041b"
        certificate: {domain_name: '*.example.com', tags: {a: "&b", c: 'it''s', d: e & f * g !}}
        profile: |-
          *&!
      """
    let outcome = Outcome(parsing: text.split(separator: "\n").joined(separator: "\r\n"))
    #expect(outcome.lines == [])
    let mapping = outcome.configuration?.fleet.mappings.first
    #expect(outcome.configuration?.log == LogSettings(level: .debug, format: .json))
    #expect(mapping?.domain.text == "auth.example.com")
    #expect(mapping?.userPoolID.text == "eu-west-1_Ab")
    #expect(mapping?.identity.profile == "*&!")
    #expect(mapping?.selector.tags == ["a": "&b", "c": "it's", "d": "e & f * g !"])
  }
}
