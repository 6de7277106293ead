/// Rows with aligned columns, no wider than a terminal.
///
/// Where the rows are too wide, the columns that may shrink lose text, the widest one first. Where
/// that is not enough, each row becomes a small paragraph: its first cell, and the others below it.
package struct TextTable: Sendable {
  package struct Column: Sendable {
    let title: String
    let alignment: Alignment
    let shrinking: Shrinking

    package init(
      _ title: String, alignment: Alignment = .left, shrinking: Shrinking = .never
    ) {
      self.title = title
      self.alignment = alignment
      self.shrinking = shrinking
    }
  }

  package enum Alignment: Sendable { case left, right }

  package enum Shrinking: Sendable {
    case never
    /// Down to a number of columns, at the end or in the middle of its text.
    case to(Int, cut: DisplayText.Cut = .end)
  }

  package struct Cell: Sendable, ExpressibleByStringInterpolation {
    let text: String
    let style: Style

    package init(_ text: String, _ style: Style = .plain) {
      self.text = DisplayText.singleLine(text)
      self.style = style
    }

    package init(stringLiteral text: String) { self.init(text) }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  /// The spaces between two columns.
  private static let gap = 2

  package init(_ columns: [Column]) { self.columns = columns }

  /// A row has one cell for each column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a row has one cell for each column")
    rows.append(cells)
  }

  /// The table as lines without trailing spaces. A column without text is left out.
  ///
  /// - Parameter width: nil for a pipe or a file, in which nothing is cut.
  package func lines(width: Int?, palette: Palette) -> [String] {
    let parts = parts(width: width, palette: palette)
    return parts.titles + parts.rows.flatMap { $0 }
  }

  /// The line of the titles, if there is one, and the lines of each row.
  package func parts(
    width: Int?, palette: Palette
  ) -> (titles: [String], rows: [[String]]) {
    let used = columns.indices.filter { column in rows.contains { !$0[column].text.isEmpty } }
    if used.count < columns.count {
      var table = TextTable(used.map { columns[$0] })
      for row in rows { table.add(used.map { row[$0] }) }
      return table.parts(width: width, palette: palette)
    }
    var widths = columns.indices.map { column in
      rows.map { DisplayText.columns($0[column].text) }.reduce(
        DisplayText.columns(columns[column].title), max)
    }
    if let width, !shrink(&widths, to: width) {
      return ([], rows.map { paragraph($0, width: width, palette) })
    }
    let titles = columns.map { Cell($0.title, .strong) }
    let hasTitles = titles.contains { !$0.text.isEmpty }
    return (
      (hasTitles ? [titles] : []).map { line($0, widths, palette) },
      rows.map { [line($0, widths, palette)] }
    )
  }

  /// Whether the rows fit.
  private func shrink(_ widths: inout [Int], to limit: Int) -> Bool {
    var excess = widths.reduce(0, +) + TextTable.gap * (columns.count - 1) - limit
    // Each step removes one column.
    while excess > 0 {
      let candidates = columns.indices.filter { column in
        switch columns[column].shrinking {
        case .never: false
        case .to(let minimum, cut: _): widths[column] > minimum
        }
      }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
      widths[widest] -= 1
      excess -= 1
    }
    return true
  }

  private func line(_ cells: [Cell], _ widths: [Int], _ palette: Palette) -> String {
    var line = ""
    // Spaces are written when something follows them.
    var spaces = 0
    for (column, cell) in cells.enumerated() {
      let text = shortened(cell.text, to: widths[column], columns[column].shrinking)
      let padding = widths[column] - DisplayText.columns(text)
      switch columns[column].alignment {
      case .left:
        if !text.isEmpty {
          line += String(repeating: " ", count: spaces) + palette.show(text, as: cell.style)
          spaces = 0
        }
        spaces += padding + TextTable.gap
      case .right:
        line += String(repeating: " ", count: spaces + padding)
        line += palette.show(text, as: cell.style)
        spaces = TextTable.gap
      }
    }
    return line
  }

  private func shortened(_ text: String, to width: Int, _ shrinking: Shrinking) -> String {
    switch shrinking {
    case .never: text
    case .to(_, let cut): DisplayText.shortened(text, to: width, cut: cut)
    }
  }

  /// The first cell, and below it the others, each with its title.
  private func paragraph(_ cells: [Cell], width: Int, _ palette: Palette) -> [String] {
    var lines: [String] = []
    for (column, cell) in cells.enumerated() where !cell.text.isEmpty {
      let indent = column == 0 ? "" : "  "
      let title = column == 0 || columns[column].title.isEmpty ? "" : columns[column].title + ": "
      let wrapped = DisplayText.wrapped(title + cell.text, to: width - indent.utf8.count)
      lines += wrapped.enumerated().map { number, part in
        guard number == 0, part.hasPrefix(title) else {
          return indent + palette.show(part, as: cell.style)
        }
        return indent + title + palette.show(String(part.dropFirst(title.count)), as: cell.style)
      }
    }
    return lines
  }
}
