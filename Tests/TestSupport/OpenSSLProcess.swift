/// Debian's `openssl`, as a child that is ended by its process id.
package struct OpenSSLProcess {
  package struct Failed: Error { let what: String }

  private let arguments: [String]
  private let process: ChildProcess
  private let directory: TemporaryDirectory

  package init(_ arguments: [String]) throws {
    self.arguments = arguments
    directory = try TemporaryDirectory()
    // `s_server` ends when its standard input does.
    process = try ChildProcess(
      "/usr/bin/openssl", arguments, environment: [:], output: directory["openssl"], input: .pipe)
  }

  /// Waits for a command that ends by itself.
  package func finish() async throws {
    let ending = try await process.end()
    if ending != .exited(0) {
      throw Failed(what: "\(arguments): \(ending)\n\(process.errorText)")
    }
  }

  /// Ends it. Not by SIGTERM, which a child may inherit as ignored.
  package func kill() { process.kill() }

  /// The port of `s_server`, which writes `ACCEPT 127.0.0.1:PORT` when it listens.
  package func port() async throws -> Int {
    try await eventually("openssl s_server listens") {
      let ending = process.poll()
      let text = process.outputText
      let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
      if text.hasSuffix("\n"), let line,
        let port = line.split(separator: ":").last.flatMap({ Int($0) })
      {
        return port
      }
      if let ending {
        throw Failed(what: "openssl s_server: \(ending), \(text) \(process.errorText)")
      }
      return nil
    }
  }
}
