import GRDB
import Reconciliation
import Testing

@testable import StateStore

@Suite("The format")
struct StateFormatTests {
  @Test("has the versions 1, 2, 3 and so on, and the last one is the present one")
  func versions() {
    #expect(StateFormat.migrations.map(\.version) == Array(1...StateFormat.version))
  }

  /// A migration that has run on someone's disk does not run again, so that an edited one would
  /// change new files alone. Append another one instead.
  @Test("has no migration that was edited after its release")
  func frozen() {
    #expect(StateFormat.migrations.map { checksum($0.statements) } == [0x916b_1aa9_1e19_ae09])
  }

  @Test("has a writer for every column of every table")
  func columns() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for table in [
      Table.domains, .rollouts, .servedEdges, .firstImports, .stoppedWaves, .history, .requests,
    ] {
      let columns = try await store.queue().read { try $0.columns(in: table.name).map(\.name) }
      #expect(columns == table.columns)
    }
  }

  @Test("has no list of allowed words in any constraint")
  func noWordLists() {
    for migration in StateFormat.migrations {
      #expect(!migration.statements.contains(" IN ('"))
    }
  }

  /// FNV-1a, 64 bits.
  func checksum(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
