import Terminal
import Testing

@Suite("Text on a terminal")
struct DisplayTextTests {
  @Test("What could break the line or change the terminal is replaced")
  func singleLine() {
    #expect(DisplayText.singleLine("a\r\n\tb  c\n") == "a b c")
    #expect(
      DisplayText.singleLine("\u{1b}[31mred\u{7}\u{9b}2J") == "\u{FFFD}[31mred\u{FFFD}\u{FFFD}2J")
    #expect(DisplayText.singleLine("a\u{202e}b\u{200b}c\u{2028}d") == "a\u{FFFD}b\u{FFFD}c d")
    #expect(DisplayText.singleLine("größe 証明書 🙂") == "größe 証明書 🙂")
    #expect(DisplayText.singleLine(" \n ") == "")
  }

  @Test(
    "A wide character counts as two columns, a combining mark as none",
    arguments: [
      ("", 0), ("abc", 3), ("größe", 5), ("証明書", 6), ("🙂", 2), ("e\u{301}", 1), ("…", 1),
      ("ｱ", 1), ("한", 2), ("\u{1112}\u{1161}\u{11ab}", 2), ("│", 1),
    ])
  func columns(text: String, columns: Int) {
    #expect(DisplayText.columns(text) == columns)
  }

  @Test("A text of exactly the limit stays, and one column more is cut")
  func shortened() {
    #expect(DisplayText.shortened("abcdef", to: 6) == "abcdef")
    #expect(DisplayText.shortened("abcdef", to: 5) == "abcd…")
    #expect(DisplayText.shortened("abcdefghij", to: 6, cut: .middle) == "abc…ij")
    #expect(DisplayText.shortened("証明書", to: 5) == "証明…")
    // Half a wide character is not shown.
    #expect(DisplayText.shortened("証明書", to: 4) == "証…")
    #expect(DisplayText.shortened("abc", to: 1) == "…")
    #expect(DisplayText.shortened("abc", to: 0) == "")
  }

  @Test("A text is filled up with spaces to a number of columns")
  func padded() {
    #expect(DisplayText.padded("証", to: 4) == "証  ")
    #expect(DisplayText.padded("abcde", to: 4) == "abcde")
  }

  @Test("Text is broken between words, and within a word that is longer than the line")
  func wrapped() {
    #expect(DisplayText.wrapped("one two three", to: 7) == ["one two", "three"])
    #expect(DisplayText.wrapped("one two three", to: 6) == ["one", "two", "three"])
    #expect(DisplayText.wrapped("abcdefgh ij", to: 3) == ["abc", "def", "gh", "ij"])
    #expect(DisplayText.wrapped("証明書", to: 1) == ["証", "明", "書"])
    #expect(DisplayText.wrapped("abcdef", to: 3) == ["abc", "def"])
    #expect(DisplayText.wrapped("", to: 5) == [""])
    // All of them are one character.
    let wide = String(repeating: "\u{1100}", count: 50)
    #expect(DisplayText.wrapped("ab\(wide)c", to: 20) == ["ab", wide, "c"])
  }

  @Test("Every text is cut and wrapped to fit")
  func everyText() {
    let characters = Array("ab 証🙂e\u{301}-").map(String.init)
    var generator = Numbers(state: 7)
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        characters[Int.random(in: 0..<characters.count, using: &generator)]
      }.joined()
      let limit = Int.random(in: 2...20, using: &generator)
      for cut in [DisplayText.Cut.end, .middle] {
        #expect(DisplayText.columns(DisplayText.shortened(text, to: limit, cut: cut)) <= limit)
      }
      let lines = DisplayText.wrapped(text, to: limit)
      #expect(lines.allSatisfy { DisplayText.columns($0) <= limit })
      let words = text.split(separator: " ").joined()
      #expect(lines.joined().split(separator: " ").joined() == words)
    }
  }

  /// The same numbers every time.
  struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 31)
    }
  }
}
