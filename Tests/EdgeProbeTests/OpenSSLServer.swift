import Foundation
import SimulatedAWS
import TestSupport

/// `openssl s_server` with a minted certificate, on a port that the system chooses.
struct OpenSSLServer {
  struct Failed: Error { let what: String }

  let port: Int
  private let process: Process

  /// Serves while `body` runs.
  static func serving<Result>(
    _ certificate: MintedCertificate, _ options: [String],
    _ body: (OpenSSLServer) async throws -> Result
  ) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try OpenSSLServer(certificate, options, in: directory)
    // Not SIGTERM, which a child may inherit as ignored.
    defer {
      kill(server.process.processIdentifier, SIGKILL)
      server.process.waitUntilExit()
    }
    return try await body(server)
  }

  private init(
    _ certificate: MintedCertificate, _ options: [String], in directory: TemporaryDirectory
  ) throws {
    let paths = (directory["leaf.pem"], directory["key.pem"], directory["chain.pem"])
    try certificate.certificatePEM.write(toFile: paths.0, atomically: true, encoding: .utf8)
    try certificate.privateKeyPEM.write(toFile: paths.1, atomically: true, encoding: .utf8)
    try certificate.chainPEM.write(toFile: paths.2, atomically: true, encoding: .utf8)
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments =
      [
        "s_server", "-accept", "127.0.0.1:0", "-cert", paths.0, "-key", paths.1,
        "-cert_chain", paths.2, "-cert2", paths.0, "-key2", paths.1,
      ] + options
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = Pipe()
    try process.run()
    port = try OpenSSLServer.port(from: output.fileHandleForReading)
  }

  /// `s_server` writes `ACCEPT 127.0.0.1:PORT` when it listens.
  private static func port(from output: FileHandle) throws -> Int {
    var text = ""
    while true {
      let data = output.availableData
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
