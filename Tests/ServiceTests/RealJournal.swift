import Foundation
import LosslessJSON
import TestSupport
import Testing

@testable import Service

/// A systemd-journald for one test, with the project's message catalog.
final class RealJournal {
  private let process: ChildProcess
  private let directory: TemporaryDirectory

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
      return probe.ending == .exited(0) ? nil : "no mount namespace can be had: \(probe.output)"
    } catch {
      return "unshare cannot be run: \(error)"
    }
  }()

  /// How long journald may take to start.
  private static let startLimit = Duration.seconds(20)

  init() async throws {
    directory = try TemporaryDirectory()
    process = try ChildProcess(
      Self.repository.appending(path: "Tests/ServiceTests/journald-alone").path,
      [Self.repository.appending(path: "systemd/cognito-certd.catalog").path],
      environment: ProcessInfo.processInfo.environment, output: directory["journald"])
    let clock = SystemClock()
    let end = clock.uptime + Self.startLimit
    while !isUp {
      guard process.poll() == nil, clock.uptime < end else {
        throw NotUp(description: "journald does not run: \(process.errorText)")
      }
      _ = await clock.sleep(for: .milliseconds(20))
    }
  }

  deinit {
    process.send(SIGTERM)
    do {
      _ = try process.waitForEnd()
    } catch {
      print("journald does not end by itself: \(error)")
    }
  }

  /// The path of its socket outside its namespace.
  var socketPath: String { "/proc/\(process.pid)/root" + LogFormatJournal.socketPath }

  /// The varlink socket is the last one that it creates.
  private var isUp: Bool {
    FileManager.default.fileExists(
      atPath: "/proc/\(process.pid)/root/run/systemd/journal/io.systemd.journal")
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
    let enter = ["--target", String(process.pid), "--mount", "journalctl"]
    let outcome = try SystemTool.run("nsenter", enter + arguments)
    try #require(outcome.ending == .exited(0), "journalctl \(arguments): \(outcome.output)")
    return outcome.output
  }
}
