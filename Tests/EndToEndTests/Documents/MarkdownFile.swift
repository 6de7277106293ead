import Foundation

/// A document of the repository, in the parts that can be checked.
struct MarkdownFile: Sendable {
  struct Block: Sendable {
    let language: String
    let text: String
    /// `docs/x.md:17`, for messages.
    let place: String
  }

  struct Table: Sendable {
    /// The words of the first line.
    let header: [String]
    let rows: [[String]]
  }

  /// Relative to the repository.
  let path: String
  private(set) var blocks: [Block] = []
  private(set) var tables: [Table] = []
  /// What stands outside of the blocks.
  private(set) var prose = ""

  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Every document, the generated ones of dependencies left out.
  static func all() throws -> [MarkdownFile] {
    var paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    let docs = repository.appending(path: "docs")
    for case let name as String in FileManager.default.enumerator(atPath: docs.path) ?? .init()
    where name.hasSuffix(".md") {
      paths.append("docs/" + name)
    }
    return try paths.sorted().map(MarkdownFile.init)
  }

  init(_ path: String) throws {
    self.path = path
    let text = try String(contentsOf: Self.repository.appending(path: path), encoding: .utf8)
    var open: (language: String, line: Int, lines: [String])?
    var table: [[String]] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(
            Block(
              language: block.language, text: block.lines.joined(separator: "\n"),
              place: "\(path):\(block.line)"))
          open = nil
        } else {
          open = (String(line.dropFirst(3)), index + 1, [])
        }
      } else if open != nil {
        open?.lines.append(line)
      } else {
        prose += line + "\n"
        if line.hasPrefix("|") { table.append(Self.cells(of: line)) }
      }
      if !line.hasPrefix("|"), !table.isEmpty {
        // The second line is a rule.
        tables.append(Table(header: table[0], rows: Array(table.dropFirst(2))))
        table = []
      }
    }
  }

  private static func cells(of line: String) -> [String] {
    line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The rows of every table whose first column is headed so.
  func rows(under heading: String) -> [[String]] {
    tables.filter { $0.header.first == heading }.flatMap(\.rows)
  }

  /// The code in the first column of these tables.
  func names(under heading: String) -> [String] {
    rows(under: heading).flatMap { CodeSpans.of($0.first ?? "") }
  }

  /// Where its links lead, those into the web left out.
  var links: [String] {
    prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
      .filter { !$0.hasPrefix("https://") && !$0.hasPrefix("http://") }
  }

  /// The anchors of its headings, as they are made from them where Markdown is shown.
  var anchors: [String] {
    prose.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
      let words = heading.drop { $0 == "#" || $0 == " " }.lowercased()
      return String(
        words.replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || "-_".contains($0) })
    }
  }
}

/// What stands between backquotes.
enum CodeSpans {
  static func of(_ text: String) -> [String] {
    text.matches(of: /`([^`]+)`/).map {
      $0.1.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }
}
