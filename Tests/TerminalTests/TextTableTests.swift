import Terminal
import Testing

@Suite("Tables")
struct TextTableTests {
  private func table() -> TextTable {
    var table = TextTable([
      .init("DOMAIN", shrinking: .to(10, cut: .middle)), .init("CALLS", alignment: .right),
      .init("STATE"), .init("WHY", shrinking: .to(6)),
    ])
    table.add(["auth.example.com", "1", Cell("in_sync", .good), ""])
    table.add(["a.long-domain.example.org", "123", Cell("refused", .bad), "not allowed\nhere"])
    return table
  }

  private typealias Cell = TextTable.Cell

  @Test("For a pipe nothing is cut")
  func pipe() {
    #expect(
      table().lines(width: nil, palette: .plain) == [
        "DOMAIN                     CALLS  STATE    WHY",
        "auth.example.com               1  in_sync",
        "a.long-domain.example.org    123  refused  not allowed here",
      ])
  }

  @Test("In a narrower terminal the widest columns lose text first, and the table fits exactly")
  func shrinking() {
    #expect(table().lines(width: 59, palette: .plain).last?.utf8.count == 59)
    #expect(
      table().lines(width: 47, palette: .plain) == [
        "DOMAIN          CALLS  STATE    WHY",
        "auth.ex…le.com      1  in_sync",
        "a.long-…le.org    123  refused  not allowed he…",
      ])
    for width in 36...70 {
      let lines = table().lines(width: width, palette: .plain)
      #expect(lines.count == 3)
      #expect(lines.allSatisfy { DisplayText.columns($0) <= width }, "\(width): \(lines)")
    }
  }

  @Test("The lines of each row can be had apart, wide or narrow, so that others stand below them")
  func parts() {
    let wide = table().parts(width: nil, palette: .plain)
    #expect(wide.titles.count == 1 && wide.rows.map(\.count) == [1, 1])
    let narrow = table().parts(width: 30, palette: .plain)
    #expect(
      narrow.titles.isEmpty
        && narrow.rows.map(\.first) == ["auth.example.com", "a.long-domain.example.org"])
  }

  @Test("Where nothing more can be cut each row is a paragraph")
  func paragraphs() {
    #expect(
      table().lines(width: 30, palette: .plain) == [
        "auth.example.com", "  CALLS: 1", "  STATE: in_sync",
        "a.long-domain.example.org", "  CALLS: 123", "  STATE: refused", "  WHY: not allowed here",
      ])
    #expect(
      table().lines(width: 20, palette: .plain).suffix(4) == [
        "  CALLS: 123", "  STATE: refused", "  WHY: not allowed", "  here",
      ])
  }

  @Test("Colours change no position")
  func colours() {
    let coloured = table().lines(width: 59, palette: .coloured)
    #expect(coloured[1].contains("\u{1b}[32min_sync\u{1b}[0m"))
    #expect(coloured.map { Self.plain($0) } == table().lines(width: 59, palette: .plain))
  }

  @Test("Wide characters keep the columns aligned")
  func wide() {
    var table = TextTable([.init("A"), .init("B")])
    table.add(["証明書", "x"])
    table.add(["abc", "y"])
    #expect(
      table.lines(width: 40, palette: .plain) == ["A       B", "証明書  x", "abc     y"])
  }

  @Test("A column without text is left out, with its title")
  func emptyColumns() {
    var table = TextTable([.init("A"), .init("B"), .init("C")])
    table.add(["a", "", "c"])
    #expect(table.lines(width: nil, palette: .plain) == ["A  C", "a  c"])
  }

  @Test("A table without titles has no line for them")
  func withoutTitles() {
    var table = TextTable([.init(""), .init("")])
    table.add(["a", "b"])
    #expect(table.lines(width: nil, palette: .plain) == ["a  b"])
  }

  static func plain(_ text: String) -> String {
    text.replacing(/\u{1b}\[[0-9;]*m/, with: "")
  }
}
