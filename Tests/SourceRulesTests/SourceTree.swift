import Foundation

/// A source file of the package.
struct SourceFile: Sendable {
  /// `Service/Daemon.swift`
  let path: String
  let text: String
  let lines: [String]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.components(separatedBy: "\n")
  }

  var module: String { String(path.prefix { $0 != "/" }) }

  /// Every file below `Sources`, in order.
  static let sources = files(in: "Sources")
  /// Every file below `Tests`, in order.
  static let tests = files(in: "Tests")

  private static func files(in directory: String) -> [SourceFile] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: directory)
    let files = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
    return (files ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
      let data = FileManager.default.contents(atPath: root.path + "/" + path)
      return data.map {
        SourceFile(path: path, text: String(decoding: $0, as: UTF8.self))
      }
    }
  }
}
