import Foundation
import LosslessJSON
import Testing

/// A directory in which the commands of the documents run: with no other program than those that
/// the documents name, and where it is asked for a simulated AWS and a daemon at work.
///
/// What would change the machine only looks at its arguments. The paths of an installation
/// stand for files in the directory.
final class DocumentationStage {
  let directory: URL
  private let programs: URL
  private let simulator = Process()
  private let daemon = Process()
  private var variables: [String: String] = [:]

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
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    programs = URL(filePath: tests).deletingLastPathComponent()
    for folder in ["bin", "backup", "dist", "journal"] {
      try FileManager.default.createDirectory(
        at: directory.appending(path: folder), withIntermediateDirectories: true)
    }
    try Data().write(to: directory.appending(path: "dist/cognito-certd_1.0_amd64.deb"))
    try writePrograms()
  }

  /// A stage on which the simulator and the daemon run and all is well.
  static func running() throws -> DocumentationStage {
    let stage = try DocumentationStage()
    try stage.startSimulator()
    try stage.startDaemon()
    return stage
  }

  deinit {
    for process in [daemon, simulator] where process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    do {
      try FileManager.default.removeItem(at: directory)
    } catch {
      print("\(directory.path) is left behind: \(error)")
    }
  }

  private func path(_ name: String) -> String { directory.appending(path: name).path }

  private func program(_ name: String) -> String { programs.appending(path: name).path }

  // MARK: What is on it

  private func startSimulator() throws {
    let output = Pipe()
    simulator.executableURL = programs.appending(path: "cognito-certd-simulator")
    simulator.arguments = [
      "serve", "--demo", "--directory", directory.path, "--write-config", path("config.yaml"),
    ]
    simulator.standardOutput = output
    simulator.standardError = FileHandle.nullDevice
    try simulator.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first,
      byte != UInt8(ascii: "\n")
    { line.append(byte) }
    let ready = try JSONValue(parsing: line)
    for (variable, member) in [
      ("AWS_ENDPOINT_URL", "endpoint"), ("AWS_ACCESS_KEY_ID", "access_key_id"),
      ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ] { variables[variable] = try #require(ready[member]?.string) }
  }

  private func startDaemon() throws {
    daemon.executableURL = programs.appending(path: "cognito-certd")
    daemon.arguments = ["run", "--config", path("config.yaml")]
    daemon.environment = variables
    daemon.standardError = FileHandle.nullDevice
    try daemon.run()
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
    try write("sudo", #"exec "$@""#)
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
    let install = Process()
    install.executableURL = URL(filePath: "/usr/bin/install")
    install.arguments = ["-m", "755", file + ".text", file]
    try install.run()
    install.waitUntilExit()
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
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = [Self.limit, "/bin/bash", "-euo", "pipefail", "-c", script]
    process.currentDirectoryURL = directory
    process.environment = variables.merging(["PATH": path("bin"), "LANG": "C.UTF-8"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    let files = ["stdout", "stderr"].map { directory.appending(path: $0) }
    for file in files { try Data().write(to: file) }
    let handles = try files.map { try FileHandle(forWritingTo: $0) }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    try process.run()
    process.waitUntilExit()
    for handle in handles { try handle.close() }
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
      errors: try String(contentsOf: files[1], encoding: .utf8))
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
