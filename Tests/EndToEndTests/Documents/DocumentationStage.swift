import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

/// A directory in which the commands of the documents run: with no other program than those that
/// the documents name, and where it is asked for a simulated AWS and a daemon at work.
///
/// What would change the machine only looks at its arguments. The paths of an installation
/// stand for files in the directory.
final class DocumentationStage {
  let directory: URL
  private var simulator: ChildProcess?
  private var daemon: ChildProcess?
  private var variables: [String: String] = [:]
  /// How many blocks ran.
  private var blocks = 0

  struct Failure: Error, CustomStringConvertible { let description: String }

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// How long a block, or the start of a program, may take.
  static let limit = "60"

  init() throws {
    directory = URL(filePath: NSTemporaryDirectory())
      .appending(path: "cognito-certd-documents-\(UInt32.random(in: 0 ... .max))")
    for folder in ["bin", "backup", "dist", "journal"] {
      try FileManager.default.createDirectory(
        at: directory.appending(path: folder), withIntermediateDirectories: true)
    }
    try Data().write(to: directory.appending(path: "dist/cognito-certd_1.0_amd64.deb"))
    try writePrograms()
  }

  /// A stage on which the simulator and the daemon run and all is well.
  static func running() async throws -> DocumentationStage {
    let stage = try DocumentationStage()
    try await stage.startSimulator()
    try stage.startDaemon()
    return stage
  }

  deinit {
    do {
      for process in [daemon, simulator] {
        process?.send(SIGTERM)
        _ = try process?.waitForEnd()
      }
      try FileManager.default.removeItem(at: directory)
    } catch {
      print("\(directory.path) or a program is left behind: \(error)")
    }
  }

  private func path(_ name: String) -> String { directory.appending(path: name).path }

  private func program(_ name: String) -> String { ChildProcess.directory + "/" + name }

  // MARK: What is on it

  private func startSimulator() async throws {
    let simulator = try ChildProcess(
      "cognito-certd-simulator",
      ["serve", "--demo", "--directory", directory.path, "--write-config", path("config.yaml")],
      environment: ProcessInfo.processInfo.environment, output: path("simulator"))
    self.simulator = simulator
    let ready = try JSONValue(parsing: try await simulator.firstLine())
    for (variable, member) in [
      ("AWS_ENDPOINT_URL", "endpoint"), ("AWS_ACCESS_KEY_ID", "access_key_id"),
      ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ] { variables[variable] = try #require(ready[member]?.string) }
  }

  private func startDaemon() throws {
    daemon = try ChildProcess(
      "cognito-certd", ["run", "--config", path("config.yaml")], environment: variables,
      output: path("daemon"))
    let outcome = try run("until cognito-certd status; do sleep 0.1; done")
    guard outcome.status == 0 else {
      throw Failure(description: "the daemon does not come to rest: \(outcome)")
    }
  }

  /// The programs that a document may name, and no other is found.
  private func writePrograms() throws {
    let targets = try MakeTargets.all().joined(separator: "|")
    let own = """
      case "$*" in
        *--help* | --version | *--config*) exec REAL "$@" ;;
        # What is configured would be left out.
        discover*) exec REAL "$@" --config /absent ;;
        *) exec REAL "$@" --config '\(path("config.yaml"))' ;;
      esac
      """
    try write("cognito-certd", own.replacing("REAL", with: "'\(program("cognito-certd"))'"))
    try write(
      "cognito-certd-simulator",
      """
      case "$1" in
        serve) exec REAL "$@" --until-stdin-closes </dev/null ;;
        *) exec REAL "$@" ;;
      esac
      """.replacing("REAL", with: "'\(program("cognito-certd-simulator"))'"))
    try write("sudo", #"exec /usr/bin/env "$@""#)
    try write("make", #"case "$*" in \#(targets)) ;; *) exit 2 ;; esac"#)
    try write("install", #"test "$1" = -m && test -f "$3""#)
    try write("editor", #"test -w "$1""#)
    try write("apt-get", #"test "$1" = install && test -f "$2""#)
    try write(
      "systemctl",
      """
      case "$*" in
        "enable --now cognito-certd" | "reload cognito-certd" | "restart cognito-certd") ;;
        *) exit 1 ;;
      esac
      """)
    // Whatever is asked for must be something that journalctl understands.
    try write(
      "journalctl",
      """
      for argument; do shift; [ "$argument" = -f ] || set -- "$@" "$argument"; done
      [ ! -x /usr/bin/journalctl ] \\
        || exec /usr/bin/journalctl --directory='\(path("journal"))' --no-pager "$@"
      """)
    for name in ["curl", "sleep", "sqlite3"] {
      let real = "/usr/bin/" + name
      guard FileManager.default.isExecutableFile(atPath: real) else {
        print("NOT CHECKED: \(name) is not installed, so that its command lines do not run")
        try write(name, "exit 0")
        continue
      }
      try FileManager.default.createSymbolicLink(
        atPath: path("bin/" + name), withDestinationPath: real)
    }
  }

  private func write(_ name: String, _ script: String) throws {
    let file = path("bin/" + name)
    try "#!/bin/sh\n\(script)\n".write(
      toFile: file + ".text", atomically: true, encoding: .utf8)
    // By another process: one that is forked meanwhile would hold the file open for writing, and
    // the kernel runs no such file.
    let install = try ChildProcess(
      "/usr/bin/install", ["-m", "755", file + ".text", file], environment: [:],
      output: path("install"))
    try #require(install.waitForEnd() == .exited(0), "\(install.errorText)")
    try FileManager.default.removeItem(atPath: file + ".text")
  }

  // MARK: Running

  /// Runs a block of shell commands as a document has it.
  func run(_ block: String) throws -> Outcome {
    var script = block
    // The first one first: the directory itself may be below /tmp.
    for (documented, here) in [
      ("/tmp/", directory.path + "/made-"),
      ("/etc/cognito-certd/config.yaml", path("config.yaml")),
      ("/var/lib/cognito-certd/state.sqlite", path("config.yaml.state.sqlite")),
      ("/backup/", path("backup") + "/"),
    ] { script = script.replacing(documented, with: here) }
    blocks += 1
    let process = try ChildProcess(
      "/usr/bin/timeout", [Self.limit, "/bin/bash", "-euo", "pipefail", "-c", script],
      environment: variables.merging(["PATH": path("bin"), "LANG": "C.UTF-8"]) { $1 },
      output: path("block-\(blocks)"), directory: directory.path)
    let ending = try process.waitForEnd(within: .seconds(120))
    guard case .exited(let status) = ending else {
      throw Failure(description: "\(block): \(ending)")
    }
    return Outcome(status: status, output: process.outputText, errors: process.errorText)
  }

  /// What a command writes when all is well.
  func answer(_ command: String) throws -> String {
    let outcome = try run(command)
    try #require(outcome.status == 0, "\(command): \(outcome.errors)")
    return outcome.output
  }
}

/// What `make` can be asked for.
enum MakeTargets {
  static func all() throws -> [String] {
    try String(
      contentsOf: MarkdownFile.repository.appending(path: "Makefile"), encoding: .utf8
    ).matches(of: /(?m)^([a-z][a-z-]*):/).map { String($0.1) }
  }
}
