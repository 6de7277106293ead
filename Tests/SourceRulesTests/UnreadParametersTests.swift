import Testing

@Suite("Finding unread parameters")
struct UnreadParametersTests {
  private func unread(_ source: String) -> [String] {
    UnreadParameters.findings(in: [Outline(path: "M/File.swift", source: source)]) { _ in false }
      .map(\.description)
  }

  @Test("A parameter that the body does not read is found")
  func unread() {
    #expect(
      unread("func f(a: Int, of b: Int) { g(a, b: 1); c.b }")
        == ["M/File.swift:1: f(a:of:) does not read its parameter b"])
    #expect(unread("struct S {\n init(a: Int) {} }").count == 1)
    #expect(unread("struct S {\n subscript(a: Int) -> Int { 1 } }").count == 1)
  }

  @Test(
    "A parameter that is read is not found",
    arguments: [
      "func f(a: Int, of b: Int) { g(a + b) }",
      "func f(a: Int) -> String { \"\\(a)\" }",
      "func f<A>(_: Int, a: A.Type) {}",
      "protocol P { func f(a: Int) }\nstruct S: P { func f(a: Int) {} }",
      "class S: T { override func f(a: Int) {} }",
    ])
  func read(source: String) { #expect(unread(source) == []) }
}
