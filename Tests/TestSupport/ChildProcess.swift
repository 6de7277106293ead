import Foundation
package import Glibc
package import POSIX

/// A program that a test started, by itself and by its id. It does not outlive its value.
package final class ChildProcess: Sendable {
  package let pid: pid_t
  /// What it printed, while it runs and afterwards.
  package let standardOutput: String
  package let standardError: String
  private let ending = Guarded<Ending?>(nil)
  /// This end of the pipe that it reads; nil within when it is closed.
  private let inputWriter: Guarded<Int32?>?

  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  package struct CannotStart: Error {
    package let program: String
    package let cause: SystemError
  }

  package struct CannotWrite: Error {
    package let cause: SystemError
  }

  /// The programs beside the test bundle.
  package static let directory: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: tests).deletingLastPathComponent().path
  }()

  /// What it reads as its standard input.
  package enum Input: Sendable {
    case file(String)
    /// What the test writes, until the test closes it.
    case pipe
  }

  /// - Parameters:
  ///   - directory: its working directory; nil for the tests' own.
  ///   - output: its standard streams go to this path with `.out` and `.err` behind it.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String], output: String,
    input: Input = .file("/dev/null"), directory: String? = nil
  ) throws {
    standardOutput = output + ".out"
    standardError = output + ".err"
    let inputPath: String
    switch input {
    case .file(let path): (inputPath, inputWriter) = (path, nil)
    case .pipe:
      inputPath = output + ".in"
      inputWriter = Guarded(try ChildProcess.openPipe(inputPath))
    }
    let path = program.hasPrefix("/") ? program : ChildProcess.directory + "/" + program
    let texts = (directory.map { ["/usr/bin/env", "-C", $0, path] } ?? [path]) + arguments
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, standardOutput, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, standardError, flags, 0o600)
    try Subprocess.closeOtherFiles(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The tests ignore SIGPIPE and may block others: a program of its own starts afresh.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = environment.map { "\($0.key)=\($0.value)" }
    var child: pid_t = 0
    let code = withTexts(texts) { argv in
      withTexts(variables) { envp in
        posix_spawn(&child, texts[0], &actions, &attributes, argv, envp)
      }
    }
    guard code == 0 else { throw CannotStart(program: path, cause: SystemError(code: code)) }
    pid = child
  }

  deinit {
    if poll() == nil { kill() }
    closeInput()
  }

  /// A named pipe, because there is no moment in which a program that starts meanwhile inherits it.
  /// It is opened for both directions, so that opening it does not wait for a reader, and writing to
  /// it is no SIGPIPE when the program has ended.
  private static func openPipe(_ path: String) throws -> Int32? {
    guard mkfifo(path, 0o600) == 0 else { throw CannotStart(program: path, cause: .last) }
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw CannotStart(program: path, cause: .last) }
    return descriptor
  }

  /// Writes to the pipe that is its standard input.
  package func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    let written = inputWriter?.withLock { writer in
      writer.map { Glibc.write($0, bytes, bytes.count) }
    }
    guard written == bytes.count else { throw CannotWrite(cause: .last) }
  }

  /// It reads the end of its standard input.
  package func closeInput() {
    inputWriter?.withLock { writer in
      if let writer { close(writer) }
      writer = nil
    }
  }

  /// How it ended; nil while it runs.
  package func poll() -> Ending? { wait(WNOHANG) }

  private func wait(_ options: Int32) -> Ending? {
    ending.withLock { ending in
      if ending != nil { return ending }
      var status: Int32 = 0
      while waitpid(pid, &status, options) != pid {
        guard errno == EINTR else { return nil }
      }
      let signal = status & 0x7f
      ending = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
      return ending
    }
  }

  package func send(_ signal: Int32) {
    ending.withLock { ending in
      // As long as it was not waited for, its id is its own.
      if ending == nil { _ = Glibc.kill(pid, signal) }
    }
  }

  /// SIGKILL, and gone when this returns.
  package func kill() {
    send(SIGKILL)
    _ = wait(0)
  }

  /// How it ended, once it has.
  package func end(within limit: Duration = .seconds(30)) async throws -> Ending {
    try await eventually("process \(pid) ends", within: limit) { poll() }
  }

  /// How it ended, once it has, for a test that does not await. It holds the thread.
  package func waitForEnd(within limit: Duration = .seconds(60)) throws -> Ending {
    let end = ContinuousClock.now + limit
    while true {
      if let ending = poll() { return ending }
      if ContinuousClock.now > end { throw TooLate(what: "process \(pid) ends", limit: limit) }
      usleep(2000)
    }
  }

  /// The first line that it prints, without the newline.
  package func firstLine(within limit: Duration = .seconds(30)) async throws -> String {
    try await eventually("process \(pid) prints a line", within: limit) {
      // Looked at before the output is read, so that everything that it printed is read.
      let ending = poll()
      let text = outputText
      if let end = text.firstIndex(of: "\n") { return String(text[..<end]) }
      if let ending {
        throw TooLate(
          what: "process \(pid) prints a line: \(ending)", limit: limit, evidence: errorText)
      }
      return nil
    }
  }

  package var outputText: String { text(standardOutput) }
  package var errorText: String { text(standardError) }
}

/// Calls `body` with a list of C strings that ends with a null pointer.
private func withTexts<Result>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = texts.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}

/// A file's text; empty where there is none.
package func text(_ path: String) -> String {
  String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
