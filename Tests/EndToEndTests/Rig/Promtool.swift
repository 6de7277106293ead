import Foundation
import TestSupport

/// Prometheus's tool that checks texts, rules and their tests.
enum Promtool {
  struct NotInstalled: Error, CustomStringConvertible {
    let description =
      "promtool is not in .build/promtool: run `make test`, or Tests/Metrics/setup"
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// What it printed, and its status.
  static func run(_ arguments: String..., input: String = "/dev/null") async throws -> (
    status: Int32?, text: String
  ) {
    let paths = [
      root + "/.build/promtool/promtool", "/usr/bin/promtool", "/usr/local/bin/promtool",
    ]
    guard let program = paths.first(where: FileManager.default.isExecutableFile) else {
      throw NotInstalled()
    }
    let directory = try TemporaryDirectory()
    let process = try ChildProcess(
      program, arguments, environment: ["PATH": "/usr/bin:/bin"], output: directory["promtool"],
      input: .file(input))
    let ending = try await process.end(within: .seconds(60))
    let text = process.outputText + process.errorText
    guard case .exited(let status) = ending else { return (nil, text) }
    return (status, text)
  }
}
