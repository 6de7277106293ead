import Testing

@Suite("The lexer")
struct LexerTests {
  private func words(_ source: String) -> [String] {
    Lexer.tokens(of: source).filter(\.isIdentifier).map(\.text)
  }

  @Test("Comments are no code")
  func comments() {
    #expect(words("a // b\n/* c /* d */ e */ f /// g\n") == ["a", "f"])
  }

  @Test(
    "Text in a string is no code, and an interpolation is",
    arguments: [
      (#"a "b" c"#, ["a", "c"]),
      (#"a "b \(c.d("e \(f) g")) h" i"#, ["a", "c", "d", "f", "i"]),
      (#"a "\"b\\" c"#, ["a", "c"]),
      ("a #\"b \\(c) \\#(d) \" e\"# f", ["a", "d", "f"]),
      ("a \"\"\"\n b \" \\(c)\n \"\"\" d", ["a", "c", "d"]),
    ])
  func strings(source: String, expected: [String]) { #expect(words(source) == expected) }

  @Test("A line number is right after comments and long strings")
  func lines() {
    let tokens = Lexer.tokens(of: "/* 1\n */ a\n\"\"\"\n \\(b) \n\"\"\"\nc")
    #expect(tokens.filter(\.isIdentifier).map(\.line) == [2, 4, 6])
  }

  @Test("An escaped name and a projection are the name")
  func names() { #expect(words("`default` $value $0") == ["default", "value"]) }

  @Test("Signs are split where Swift splits them")
  func signs() {
    #expect(
      Lexer.tokens(of: "a?.b ..< [c] -> d == .e").map(\.text)
        == ["a", "?", ".", "b", "..<", "[", "c", "]", "->", "d", "==", ".", "e"])
  }
}
