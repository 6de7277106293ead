import Testing

@Suite("Finding unused declarations")
struct UnusedDeclarationsTests {
  /// The names of what is unused in one file. `main` runs.
  private func unused(_ source: String, tests: String = "", support: Bool = false) -> [String] {
    UnusedDeclarations(
      [Outline(path: "M/File.swift", source: source)],
      tests: [Outline(path: "MTests/File.swift", source: tests)],
      testSupport: support ? ["M"] : [], isAllowed: { $0.name == "main" }
    ).findings().map { String($0.what.prefix { $0 != " " }) }
  }

  private func members(_ members: String, used: String) -> [String] {
    unused("struct T { \(members) }\nfunc main(t: T) { \(used) }\n")
  }

  @Test("A finding says file, line and what")
  func description() {
    let findings = UnusedDeclarations([Outline(path: "M/File.swift", source: "\nfunc f() {}")])
      .findings()
    #expect(findings.map(\.description) == ["M/File.swift:2: f() is not used"])
  }

  @Test(
    "What no code names is found",
    arguments: [
      ("func f(a: Int) {}", "", "T.f(a:)"),
      ("var v: Int { 1 }", "", "T.v"),
      ("static let s = 1", "", "T.s"),
      ("struct Inner { let x: Int }", "use(t.x)", "T.Inner"),
      ("typealias A = Int", "", "T.A"),
      ("init(a: Int) {}", "", "T.init(a:)"),
    ])
  func unnamed(declared: String, used: String, finding: String) {
    #expect(members(declared, used: used) == [finding])
  }

  @Test(
    "What code names is not found",
    arguments: [
      ("func f(a: Int) {}", "t.f(a: 1)"),
      ("func f(a: Int, b: Int = 1, _ c: () -> Void) {}", "t.f(a: 1) {}"),
      ("func f(_ a: Int) {}", "[1].forEach(t.f)"),
      ("func f(_ values: Int...) {}", "t.f(1, 2, 3)"),
      ("func f<A>(_ a: A, in b: [A: Int]) {}", "t.f(1, in: [:])"),
      ("var v: Int { 1 }", "use(t.v)"),
      ("var v: Int { 1 }", "use(\\T.v)"),
      ("var v: Int { 1 }", "use(\"\\(t.v)\")"),
      ("static let s = 1", "use(T.s)"),
      ("static let s = T()", "use(.s)"),
      ("struct Inner {}", "use(T.Inner())"),
      ("typealias A = Int", "use(T.A.self)"),
      ("init(a: Int) {}", "use(T(a: 1))"),
      ("init(a: Int) {}", "use(.init(a: 1))"),
      ("let run: () -> Void", "t.run()"),
      ("static func == (a: T, b: T) -> Bool { true }", ""),
    ])
  func named(declared: String, used: String) {
    #expect(members(declared, used: used) == [])
  }

  @Test("Of two functions of a name the one whose labels nobody uses is found")
  func overloads() {
    #expect(members("func f(a: Int) {}; func f(b: Int) {}", used: "t.f(b: 1)") == ["T.f(a:)"])
  }

  @Test("Of two types' members of a name the one of the named type is used")
  func types() {
    let source = "enum A { static let s = 1 }\nenum B { static let s = 1 }\n"
    #expect(unused(source + "func main() { A.s + B.t }") == ["B.s"])
  }

  @Test("A variable that is only written is found", arguments: ["t.v = 1", "t.v += 1", "T(v: 1)"])
  func written(used: String) { #expect(members("var v = 0", used: used) == ["T.v"]) }

  @Test("Writing to a variable with a setter uses it")
  func setter() { #expect(members("var v: Int { get { 1 } set { } }", used: "t.v = 1") == []) }

  @Test(
    "A local name of the same name is no use",
    arguments: [
      "let v = 1; \n use(v)", "for v in [1] { use(v) }", "if let v = x { use(v) }",
      "guard let v = x else { return }; use(v)", "use { v in v }",
      "switch x { case let v: use(v) }",
      "func g(v: Int) { v }; g(v: 1)",
    ])
  func local(used: String) { #expect(members("let v = 0", used: used) == ["T.v"]) }

  @Test("The short form of if let uses the member that it names")
  func short() {
    #expect(
      unused("struct T { let v: Int?; func main() { if let v {} } }\nfunc main(t: T) {}") == [])
  }

  @Test("A use in the declaration itself does not count")
  func recursion() { #expect(members("func f() { f() }", used: "") == ["T.f()"]) }

  @Test("A use in what is not used does not count")
  func chain() {
    #expect(members("func f() { g() }\n func g() {}", used: "") == ["T.f()", "T.g()"])
  }

  private func cases(_ inherited: String, _ used: String) -> [String] {
    unused("enum E\(inherited) { case one; case two(Int) }\nfunc main(e: E) { \(used) }")
  }

  @Test("A case is used where it is made", arguments: ["f(E.one); f(.two(1))", "f(.one, E.two)"])
  func made(used: String) { #expect(cases("", used) == []) }

  @Test("A case that is only matched is found")
  func matched() {
    let used = "switch e { case .one: f(e); case .two(let x) where x > 1: f(x) }"
    #expect(cases("", used) == ["E.one", "E.two(_:)"])
    #expect(cases("", "if case .one = e { f(.two(1)) }") == ["E.one"])
    #expect(cases("", "if e == .one { f(.two(1)) }") == ["E.one"])
  }

  @Test("Cases that come from outside are not found")
  func outside() {
    #expect(cases(": CaseIterable", "") == [])
    #expect(cases(": String", "f(E(rawValue: x))") == [])
  }

  @Test("A protocol's requirement and its implementation are used by one call")
  func requirement() {
    let source = "protocol P { func f() }\nstruct S: P { func f() {} }\n"
    #expect(unused(source + "func main(p: any P) { p.f(); main(p: S()) }") == [])
    #expect(unused(source + "func main(p: any P) { main(p: S()) }") == ["P.f()", "S.f()"])
  }

  @Test("A use by a test counts for what is there for tests alone")
  func tests() {
    #expect(unused("func f() {}", tests: "f()") == ["f()"])
    #expect(unused("func f() {}", tests: "f()", support: true) == [])
  }
}
