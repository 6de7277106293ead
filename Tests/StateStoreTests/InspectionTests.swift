import Foundation
import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Inspecting a state file")
struct InspectionTests {
  @Test("tells its rights, its format and that it is whole, and changes nothing")
  func whole() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try plainRecord("a.example.com")]))
    // With a daemon that has it open.
    let open = try StateInspection(path: scratch.state)
    #expect(try open.content()?.integrity == .whole)
    #expect(try open.content()?.format == 1)
    try store.close()
    let before = stamp(scratch.state)
    let inspection = try StateInspection(path: scratch.state)
    #expect(inspection.fileAccess?.mode == 0o600 && inspection.fileAccess?.isWritable == true)
    #expect(inspection.directory == scratch.path && inspection.directoryAccess != nil)
    #expect(!inspection.isAbsent && (inspection.freeSpace ?? 0) > 0)
    #expect(try inspection.content()?.integrity == .whole)
    #expect(try inspection.content()?.format == 1)
    #expect(stamp(scratch.state) == before)
  }

  @Test("a file that is not there, or empty, holds nothing")
  func absent() throws {
    let scratch = try Scratch()
    let inspection = try StateInspection(path: scratch.state)
    #expect(inspection.isAbsent && inspection.fileAccess == nil)
    #expect(try inspection.content() == nil)
    try Data().write(to: URL(filePath: scratch.state))
    #expect(try StateInspection(path: scratch.state).content() == nil)
    let nowhere = try StateInspection(path: scratch.path + "/none/state.sqlite")
    #expect(nowhere.isAbsent && nowhere.directoryAccess == nil && nowhere.freeSpace == nil)
  }

  @Test("a damaged page is found")
  func damaged() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for index in 0..<200 {
      try await store.commit(StateChange(records: [try plainRecord("d\(index).example.com")]))
    }
    try store.close()
    var bytes = try Data(contentsOf: URL(filePath: scratch.state))
    // Every page but the first, whose header tells what the file is.
    for start in stride(from: 4096 + 8, to: bytes.count, by: 4096) {
      bytes.replaceSubrange(start..<start + 64, with: Data(repeating: 0xAA, count: 64))
    }
    try bytes.write(to: URL(filePath: scratch.state))
    let inspection = try StateInspection(path: scratch.state)
    do throws(StateFailure) {
      let content = try inspection.content()
      #expect(content?.integrity != .whole)
    } catch {
      #expect(error.kind == .damaged)
    }
  }
}
