import Foundation

/// Debian's `openssl`, as a child that is ended by its process id.
package struct OpenSSLProcess {
  package struct Failed: Error { let what: String }

  private let process = Process()
  private let output = Pipe()

  package init(_ arguments: [String]) throws {
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = Pipe()
    try process.run()
  }

  /// Waits for a command that ends by itself.
  package func finish() throws {
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw Failed(what: "\(process.arguments ?? []): status \(process.terminationStatus)")
    }
  }

  /// Ends it. Not by SIGTERM, which a child may inherit as ignored.
  package func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The port of `s_server`, which writes `ACCEPT 127.0.0.1:PORT` when it listens.
  package func port() throws -> Int {
    var text = ""
    while true {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { throw Failed(what: "openssl s_server printed only: \(text)") }
      text += String(decoding: data, as: UTF8.self)
      let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
      if text.hasSuffix("\n"), let line,
        let port = line.split(separator: ":").last.flatMap({ Int($0) })
      {
        return port
      }
    }
  }
}
