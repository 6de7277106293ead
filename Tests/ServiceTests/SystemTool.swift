import Foundation
import TestSupport
import Testing

/// Runs a program of this machine.
enum SystemTool {
  struct Outcome {
    let ending: ChildProcess.Ending
    /// The text on standard output, and behind it the one on standard error.
    let output: String
  }

  static func path(of tool: String) -> String? {
    ["/usr/bin/", "/bin/"].map { $0 + tool }.first(where: FileManager.default.isExecutableFile)
  }

  static func run(_ tool: String, _ arguments: [String]) throws -> Outcome {
    let directory = try TemporaryDirectory()
    let process = try ChildProcess(
      try #require(path(of: tool)), arguments,
      environment: ["LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_LOG_LEVEL": "info"],
      output: directory["tool"])
    let ending = try process.waitForEnd()
    return Outcome(ending: ending, output: process.outputText + process.errorText)
  }
}
