import Testing

/// What nothing uses is removed, or stands in `AllowList` with its reason.
@Suite("Dead code")
struct DeadCodeTests {
  /// Modules that are there for the tests: what a test uses of them is used.
  static let testSupport: Set<String> = ["SimulatedAWS", "SimulatedWorld", "VirtualTime"]

  static let sources = SourceFile.sources.map { Outline(path: $0.path, source: $0.text) }
  static let tests = SourceFile.tests
    .filter { file in testSupport.contains { file.text.contains("import \($0)\n") } }
    .map { Outline(path: $0.path, source: $0.text) }

  @Test("The sources are read whole")
  func notEmpty() {
    let declarations = DeadCodeTests.sources.flatMap(\.declarations)
    #expect(declarations.count > 2000)
    #expect(!DeadCodeTests.tests.isEmpty)
  }

  @Test("Every declaration is used")
  func declarations() {
    let findings = UnusedDeclarations(
      DeadCodeTests.sources, tests: DeadCodeTests.tests, testSupport: DeadCodeTests.testSupport,
      isAllowed: AllowList.allows
    ).findings()
    #expect(findings == [])
  }

  @Test("Every parameter is read")
  func parameters() {
    let findings = UnreadParameters.findings(
      in: DeadCodeTests.sources, isAllowed: AllowList.allowsParameters)
    #expect(findings == [])
  }

  @Test("Every import is needed")
  func imports() {
    let findings = UnusedImports(DeadCodeTests.sources, known: AllowList.modules).findings()
    #expect(findings == [])
  }

  @Test("Every entry of the allow list is needed")
  func allowList() {
    let unused = UnusedDeclarations(DeadCodeTests.sources).unused()
    let entries = AllowList.declarations
    let spared = entries.filter { entry in unused.contains { entry.allows($0) } }
    #expect(entries.map(\.name) == spared.map(\.name))
  }
}
