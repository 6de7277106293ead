import Foundation
import TestSupport
import Transport

/// `openssl s_server` on a port that the system chooses, with a self-signed certificate for
/// 127.0.0.1. It answers every GET with a page.
struct TLSServer {
  struct Failed: Error { let what: String }

  let port: Int
  /// The PEM file of the certificate.
  let certificateFile: String
  private let process: Process

  var url: String { "https://127.0.0.1:\(port)/" }

  /// Serves while `body` runs.
  static func serving<Result>(
    _ body: (TLSServer) async throws -> Result
  ) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try TLSServer(in: directory)
    defer { server.process.terminate() }
    return try await body(server)
  }

  private init(in directory: TemporaryDirectory) throws {
    let certificate = directory["certificate.pem"]
    let key = directory["key.pem"]
    let maker = try TLSServer.openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
      "-addext", "subjectAltName=IP:127.0.0.1",
    ])
    maker.process.waitUntilExit()
    guard maker.process.terminationStatus == 0 else { throw Failed(what: "openssl req") }
    certificateFile = certificate
    let server = try TLSServer.openssl([
      "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www",
    ])
    process = server.process
    port = try TLSServer.port(from: server.output)
  }

  private static func openssl(
    _ arguments: [String]
  ) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = Pipe()
    try process.run()
    return (process, output.fileHandleForReading)
  }

  /// `s_server` writes `ACCEPT 127.0.0.1:PORT` when it listens.
  private static func port(from output: FileHandle) throws -> Int {
    var text = ""
    while true {
      let data = output.availableData
      if data.isEmpty { throw Failed(what: "openssl s_server said only: \(text)") }
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
