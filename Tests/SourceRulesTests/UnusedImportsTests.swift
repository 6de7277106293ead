import Testing

@Suite("Finding unused imports")
struct UnusedImportsTests {
  private static let library = """
    package struct Thing { package let size: Int; let secret: Int }
    extension Int { package static func things(_ count: Int) -> Int { count } }
    struct Hidden {}
    """

  private func unused(_ source: String) -> [String] {
    UnusedImports(
      [
        Outline(path: "Library/Thing.swift", source: UnusedImportsTests.library),
        Outline(path: "M/File.swift", source: source),
      ],
      known: ["CCurl": .init(prefixes: ["curl_"])]
    ).findings().map(\.description)
  }

  @Test(
    "An import of which nothing is named is found",
    arguments: ["f()", "let size = 1", "f(Hidden())", "x.secret", "// Thing"])
  func unneeded(code: String) {
    #expect(
      unused("import Library\n\(code)")
        == ["M/File.swift:1: nothing of Library is named, which is imported"])
  }

  @Test(
    "An import of which a type or a member is named is not found",
    arguments: ["f(Thing())", "x.size", "f(.things(1))", "extension Thing { }"])
  func needed(code: String) { #expect(unused("import Library\n\(code)") == []) }

  @Test("A C module is known by the beginnings of its names")
  func prefixes() {
    #expect(unused("import CCurl\ncurl_easy_init()") == [])
    #expect(unused("import CCurl\nf()").count == 1)
  }

  @Test("A module of which nothing is known is not looked at")
  func unknown() { #expect(unused("import Other\nf()") == []) }
}
