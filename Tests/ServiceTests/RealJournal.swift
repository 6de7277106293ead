import Foundation
import LosslessJSON
import Testing

@testable import Service

/// A systemd-journald for one test, with the project's message catalog.
final class RealJournal {
  private let process = Process()

  struct NotUp: Error, CustomStringConvertible { let description: String }

  private static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Why journald cannot run here; nil when it can.
  static let obstacle: String? = {
    if geteuid() != 0 { return "this is not root" }
    if !FileManager.default.isExecutableFile(atPath: "/lib/systemd/systemd-journald") {
      return "systemd-journald is not installed"
    }
    for tool in ["journalctl", "unshare", "nsenter"] where SystemTool.path(of: tool) == nil {
      return "\(tool) is not installed"
    }
    do {
      let probe = try SystemTool.run(
        "unshare",
        ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"])
      return probe.status == 0 ? nil : "no mount namespace can be had: \(probe.output)"
    } catch {
      return "unshare cannot be run: \(error)"
    }
  }()

  /// How long journald may take to start.
  private static let startLimit = Duration.seconds(20)

  init() async throws {
    process.executableURL = Self.repository.appending(path: "Tests/ServiceTests/journald-alone")
    process.arguments = [Self.repository.appending(path: "systemd/cognito-certd.catalog").path]
    process.standardInput = FileHandle.nullDevice
    let messages = Pipe()
    process.standardError = messages
    try process.run()
    let clock = SystemClock()
    let end = clock.uptime + Self.startLimit
    while !isUp {
      guard process.isRunning, clock.uptime < end else {
        process.terminate()
        let said = try messages.fileHandleForReading.readToEnd() ?? Data()
        throw NotUp(description: "journald does not run: \(String(decoding: said, as: UTF8.self))")
      }
      _ = await clock.sleep(for: .milliseconds(20))
    }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  /// The path of its socket outside its namespace.
  var socketPath: String { "/proc/\(process.processIdentifier)/root" + LogFormatJournal.socketPath }

  /// The varlink socket is the last one that it creates.
  private var isUp: Bool {
    FileManager.default.fileExists(
      atPath: "/proc/\(process.processIdentifier)/root/run/systemd/journal/io.systemd.journal")
  }

  /// The output of journalctl for the entries of this program.
  func journalctl(_ arguments: String...) throws -> String {
    _ = try run(["--sync"])
    return try run(
      ["--quiet", "--no-pager", "--identifier=\(LogFormatJournal.identifier)"] + arguments)
  }

  /// Every entry with its fields, oldest first.
  func entries() throws -> [JSONValue] {
    try journalctl("--output=json", "--all").split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
  }

  private func run(_ arguments: [String]) throws -> String {
    let enter = ["--target", String(process.processIdentifier), "--mount", "journalctl"]
    let outcome = try SystemTool.run("nsenter", enter + arguments)
    try #require(outcome.status == 0, "journalctl \(arguments): \(outcome.output)")
    return outcome.output
  }
}
