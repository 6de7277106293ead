import Foundation
import Testing

/// Runs a program of this machine.
enum SystemTool {
  struct Outcome {
    let status: Int32
    /// The text on standard output and standard error.
    let output: String
  }

  static func path(of tool: String) -> String? {
    ["/usr/bin/", "/bin/"].map { $0 + tool }.first(where: FileManager.default.isExecutableFile)
  }

  static func run(_ tool: String, _ arguments: [String]) throws -> Outcome {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(path(of: tool)))
    process.arguments = arguments
    process.environment = ["LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_LOG_LEVEL": "info"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }
}
