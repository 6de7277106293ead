import Foundation
import Testing

/// Compares lines with a file of Snapshots; `UPDATE_SNAPSHOTS=1` writes it again.
func compare(_ lines: [String], withSnapshot name: String) throws {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Snapshots/\(name).txt")
  let text = lines.map { $0 + "\n" }.joined()
  if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
  #expect(try text == String(contentsOf: file, encoding: .utf8), "\(name)")
}
