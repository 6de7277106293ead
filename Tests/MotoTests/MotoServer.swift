import Foundation
import TestSupport

/// moto's server: an AWS that is written by others. It ends with its value.
struct MotoServer {
  let port: Int
  private let process: ChildProcess
  private let directory: TemporaryDirectory

  struct NotInstalled: Error, CustomStringConvertible {
    let description =
      "moto is not installed in .build/moto-venv: run `make test`, or Tests/Moto/setup"
  }

  /// It takes a free port, and names it when it listens.
  init() async throws {
    directory = try TemporaryDirectory()
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let venv = root.appending(path: ".build/moto-venv")
    guard FileManager.default.fileExists(atPath: venv.appending(path: "installed").path) else {
      throw NotInstalled()
    }
    let process = try ChildProcess(
      venv.appending(path: "bin/python").path,
      [venv.appending(path: "bin/moto_server").path, "-H", "127.0.0.1", "-p", "0"],
      environment: ["PYTHONUNBUFFERED": "1", "PATH": "/usr/bin:/bin"], output: directory["moto"])
    self.process = process
    port = try await eventually("moto listens", within: .seconds(120)) {
      let mark = "http://127.0.0.1:"
      let text = process.errorText + process.outputText
      guard let start = text.range(of: mark)?.upperBound else { return nil }
      return Int(text[start...].prefix { $0.isNumber })
    }
  }

  var url: String { "http://127.0.0.1:\(port)" }
}
