import Foundation
import Glibc
import POSIX
import TestSupport
import Testing

@testable import Service

@Suite("The text file of the metrics")
struct MetricsFileTests {
  private func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("It is replaced whole, readable by everyone, and leaves nothing else in its directory")
  func replaced() async throws {
    let directory = try TemporaryDirectory()
    let path = directory["certd.prom"]
    // Left behind by a process that was killed, and a link that must not be followed.
    let victim = directory["victim"]
    #expect(symlink(victim, path + ".new") == 0)
    for text in ["first\n", "a longer second\n", "3\n"] {
      #expect(await MetricsFile.replace(path, with: Array(text.utf8)) == nil)
      #expect(TestSupport.text(path) == text)
      #expect(try permissions(path) == 0o644)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["certd.prom"])
  }

  @Test("A reader never sees a part of it")
  func atomic() async throws {
    let directory = try TemporaryDirectory()
    let path = directory["certd.prom"]
    let texts = (0..<2).map { Array(repeating: UInt8(ascii: "a") + UInt8($0), count: 1 << 20) }
    #expect(await MetricsFile.replace(path, with: texts[0]) == nil)
    let writer = Task {
      for round in 0..<40 { _ = await MetricsFile.replace(path, with: texts[round % 2]) }
    }
    for _ in 0..<200 {
      let read = FileManager.default.contents(atPath: path)
      #expect(read == Data(texts[0]) || read == Data(texts[1]))
      await Task.yield()
    }
    await writer.value
  }

  @Test("What prevents it is said with the path and what to do")
  func failures() async throws {
    let directory = try TemporaryDirectory()
    let missing = await MetricsFile.replace(directory["none/certd.prom"], with: [1])
    #expect(missing?.cause.code == ENOENT)
    #expect(
      missing?.description
        == "cannot create \(directory["none/certd.prom.new"]): no such file or directory; create the directory"
    )
    #expect(mkdir(directory["folder.prom"], 0o755) == 0)
    let folder = await MetricsFile.replace(directory["folder.prom"], with: [1])
    #expect(folder?.cause.code == EISDIR && folder?.action == "replace")
    #expect(!FileManager.default.fileExists(atPath: directory["folder.prom.new"]))
    let device = await MetricsFile.replace("/proc/certd.prom", with: [1])
    #expect(device != nil)
  }
}
