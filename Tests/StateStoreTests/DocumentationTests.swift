import Foundation
import GRDB
import Testing

@testable import StateStore

@Suite("docs/state-file.md")
struct DocumentationTests {
  static let text: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try? String(contentsOf: root.appending(path: "docs/state-file.md"), encoding: .utf8)
  }()

  @Test("has queries that run")
  func queries() async throws {
    let text = try #require(DocumentationTests.text)
    let blocks = text.components(separatedBy: "```sql\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    let queries = blocks.flatMap { $0.components(separatedBy: ";\n") }
      .filter { $0.contains("SELECT") }
    #expect(queries.count == 5)
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let queue = try DatabaseQueue(path: scratch.state)
    var rows = 0
    for query in queries {
      rows += try await queue.read { try Row.fetchAll($0, sql: query).count }
    }
    #expect(rows == 5)
  }

  @Test("names every table and every column, under the table's heading")
  func columns() async throws {
    let text = try #require(DocumentationTests.text)
    let sections = text.components(separatedBy: "\n### ")
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let tables = try await store.queue().read { database in
      try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"
      )
    }
    #expect(tables.count == 8)
    for table in tables {
      let section = try #require(sections.first { $0.hasPrefix("`\(table)`") }, "\(table)")
      for column in try await store.queue().read({ try $0.columns(in: table).map(\.name) }) {
        #expect(section.contains("`\(column)`"), "\(table).\(column)")
      }
    }
  }

  @Test("gives the application id and the format of the file")
  func marks() throws {
    let text = try #require(DocumentationTests.text)
    #expect(text.contains("`PRAGMA application_id` is \(StateFormat.applicationID)"))
    #expect(text.contains("is the format, now \(StateFormat.version)."))
  }
}
