import GRDB
import Reconciliation
import Testing

@testable import StateStore

@Suite("The schema")
struct SchemaTests {
  @Test("its versions are 1, 2, 3 and so on, the last being the present one")
  func versions() {
    #expect(Schema.migrations.map(\.version) == Array(1...Schema.version))
  }

  /// A step that has run on someone's disk never runs again: to edit it changes only new files.
  /// Append another one instead.
  @Test("no step is ever edited")
  func frozen() {
    #expect(Schema.migrations.map { checksum($0.statements) } == [0xe440_4fde_c7cf_ee46])
  }

  @Test("what an upsert writes is every column of its table")
  func columns() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for table in [Table.domains, .rollouts, .servedEdges, .history, .requests] {
      let columns = try await store.queue.read { try $0.columns(in: table.name).map(\.name) }
      #expect(columns == table.columns)
    }
  }

  /// FNV-1a, 64 bits.
  func checksum(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
