import RolloutCore
import Testing

@Suite("The name of an operator")
struct OperatorNameTests {
  @Test(
    "is kept as it is, and what a terminal would obey is escaped",
    arguments: [
      ("alice", "alice"), ("Zoë", "Zoë"), ("domain user", "domain user"), ("", "unknown"),
      ("a\u{1b}[31mb", "a\\u{1b}[31mb"), ("a\nb", "a\\u{a}b"), ("a\u{202e}b", "a\\u{202e}b"),
      ("a\u{2028}b", "a\\u{2028}b"), ("a\u{0}", "a\\u{0}"),
    ])
  func escaped(raw: String, name: String) {
    #expect(OperatorName(escaping: raw).text == name)
  }

  @Test("has 64 characters at the most, and the rest is cut")
  func bounded() {
    let longest = String(repeating: "x", count: 64)
    #expect(OperatorName(escaping: longest).text == longest)
    #expect(OperatorName(escaping: longest + "x").text == longest.dropLast() + "…")
    let escapes = OperatorName(escaping: String(repeating: "\u{1b}", count: 64)).text
    #expect(escapes.unicodeScalars.count == 64 && escapes.hasSuffix("…"))
    // What was stored is read back as the same name.
    #expect(OperatorName(escaping: escapes).text == escapes)
  }
}
