package import Foundation

/// A directory of its own for one test, removed with the value.
package final class TemporaryDirectory: Sendable {
  package let path: String
  package var url: URL { URL(filePath: path) }

  package init() throws {
    path = NSTemporaryDirectory() + "cognito-certd-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      print("\(path) is left behind: \(error)")
    }
  }

  package subscript(name: String) -> String { path + "/" + name }
}
