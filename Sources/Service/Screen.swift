package import Terminal

/// Where a command shows its result: the columns of the terminal, nil for a pipe or a file, and the
/// colours that it has.
package struct Screen: Equatable, Sendable {
  package let width: Int?
  package let palette: Palette

  package init(width: Int?, palette: Palette) {
    self.width = width
    self.palette = palette
  }

  /// A text for people in one style, without what could move the cursor, in as many lines as it needs.
  ///
  /// - Parameter indent: columns before each line.
  func paragraph(_ text: String, _ style: Style = .plain, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return wrapped(text, indent: indent).map { margin + palette.show($0, as: style) }
  }

  /// The same without its style and its margin.
  func wrapped(_ text: String, indent: Int = 0) -> [String] {
    let line = DisplayText.singleLine(text)
    return width.map { DisplayText.wrapped(line, to: $0 - indent) } ?? [line]
  }

  func lines(of table: TextTable) -> [String] { table.lines(width: width, palette: palette) }

  /// A table with lines below each of its rows.
  ///
  /// - Parameter details: of each row, the lines below it.
  func lines(of table: TextTable, details: [[String]]) -> [String] {
    let parts = table.parts(width: width, palette: palette)
    return parts.titles + zip(parts.rows, details).flatMap { $0 + $1 }
  }
}
