import Configuration
import Glibc
import RolloutCore
import Testing

/// config/config.yaml, as installed.
@Suite("The configuration file that is shipped")
struct ShippedFileTests {
  static let path = Fixtures.path(beside: "../../config/config.yaml")
  static let lines =
    Fixtures.text(of: path)?.split(separator: "\n", omittingEmptySubsequences: false)
    .map(String.init) ?? []

  /// Without environment variables; the CA file of the comments is the only file that exists.
  static func parse(_ lines: [String], path: String = "config.yaml") -> Outcome {
    Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.parse(
        text: Array(lines.joined(separator: "\n").utf8), path: path, environment: [:],
        unreadableReason: { $0 == "/etc/cognito-certd/ca.pem" ? nil : "does not exist" })
    }
  }

  /// `#key:` and `#  key:` are settings, `# Text` is a comment.
  static func uncommented(_ line: String) -> String {
    let rest = line.dropFirst()
    guard line.hasPrefix("#"), !rest.isEmpty, !rest.hasPrefix(" ") || rest.hasPrefix("  ")
    else { return line }
    return String(rest)
  }

  @Test("Its only problem is that it has no domains")
  func shipped() throws {
    let problem = try #require(Self.parse(Self.lines).problems.first)
    #expect(Self.parse(Self.lines).problems.count == 1)
    #expect(problem.severity == .error)
    #expect(problem.path == "domains")
    #expect(
      problem.message == """
        the list is empty; add an entry with domain and user_pool_id, as in the comments of the \
        config.yaml that comes with cognito-certd
        """)
  }

  @Test("With the example uncommented it is valid, and every other setting has its default")
  func example() throws {
    let begin = try #require(Self.lines.firstIndex(of: "# --- example: begin"))
    let end = try #require(Self.lines.firstIndex(of: "# --- example: end"))
    let lines = Self.lines.enumerated().map { index, line in
      (begin...end).contains(index) ? Self.uncommented(line) : line
    }
    let outcome = Self.parse(lines)
    #expect(outcome.lines == [])
    let configuration = try #require(outcome.configuration)
    #expect(configuration.fleet.pacing == Pacing())
    #expect(configuration.log == LogSettings())
    #expect(configuration.metrics == MetricsSettings())
    #expect(configuration.stateFile == "/var/lib/cognito-certd/state.sqlite")
    let mapping = Mapping(
      domain: try DomainName(parsing: "auth.example.com"),
      userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
      region: try Region(parsing: "eu-west-1"),
      selector: CertificateSelector(domainName: "*.example.com"))
    #expect(configuration.fleet.mappings == [mapping])
  }

  @Test("With every setting uncommented it is valid, and the values shown are the defaults")
  func everything() throws {
    let outcome = try Fixtures.withDirectory { directory in
      #expect(mkdir("\(directory)/conf.d", 0o700) == 0)
      #expect(Fixtures.write(Array(IncludeTests.file("a").utf8), to: "\(directory)/conf.d/a.yaml"))
      let lines = Self.lines.map(Self.uncommented)
      return Self.parse(lines, path: "\(directory)/config.yaml")
    }
    #expect(outcome.lines == [])
    let configuration = try #require(outcome.configuration)
    #expect(configuration.fleet.pacing == Pacing())
    #expect(configuration.log == LogSettings())
    #expect(configuration.stateFile == "/var/lib/cognito-certd/state.sqlite")
    let listen = try #require(configuration.metrics.listen)
    #expect(listen == ListenAddress(.ipv4("127.0.0.1"), port: 9464))
    #expect(configuration.metrics.textfile == "/var/lib/node_exporter/cognito_certd.prom")
    let mapping = try #require(configuration.fleet.mappings.first)
    let selector = CertificateSelector()
    #expect(mapping.selector.types == selector.types)
    #expect(mapping.selector.keyAlgorithms == selector.keyAlgorithms)
    #expect(mapping.selector.minRemaining == selector.minRemaining)
    #expect(mapping.selector.soak == selector.soak)
    #expect(mapping.mode == .apply)
    #expect(mapping.onDrift == .restore)
    #expect(mapping.wave == 0)
    #expect(mapping.rollback == .off)
    #expect(mapping.probe.isEnabled)
  }

  @Test("It shows every key")
  func completeness() {
    let settings = Self.lines.map { line in
      Self.uncommented(line).drop { " -".contains($0) }.prefix { $0 != ":" }
    }
    for keySet in KeySet.allCases {
      for key in keySet.keys {
        #expect(settings.contains(key[...]), "\(key) in \(keySet.phrase)")
      }
    }
  }
}

/// config/fleet.yaml with config/conf.d, as installed among the examples.
@Suite("The configuration for many accounts that is shipped")
struct ShippedFleetTests {
  @Test("It has no problem, and includes every file beside it")
  func valid() throws {
    let directory = Fixtures.path(beside: "../../config")
    let outcome = Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "\(directory)/fleet.yaml", environment: [:])
    }
    #expect(outcome.lines == [])
    let fleet = try #require(outcome.configuration?.fleet)
    #expect(Fixtures.names(in: "\(directory)/conf.d").count == 3)
    #expect(fleet.identities.count == 3)
    #expect(fleet.mappings.map(\.wave) == [0, 1, 1, 2, 2])
    #expect(fleet.mappings.map(\.onDrift) == [.restore, .restore, .restore, .report, .report])
    #expect(fleet.mappings.map(\.selector.domainName).suffix(2).allSatisfy { $0 != nil })
  }
}
