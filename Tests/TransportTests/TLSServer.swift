import Foundation
import TestSupport
import Transport

/// `openssl s_server` on a port that the system chooses, with a self-signed certificate for
/// 127.0.0.1. It answers every GET with a page.
struct TLSServer {
  let port: Int
  /// The PEM file of the certificate.
  let certificateFile: String
  private let process: OpenSSLProcess

  var url: String { "https://127.0.0.1:\(port)/" }

  /// Serves while `body` runs.
  static func serving<Result>(
    _ body: (TLSServer) async throws -> Result
  ) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try await TLSServer(in: directory)
    defer { server.process.kill() }
    return try await body(server)
  }

  private init(in directory: TemporaryDirectory) async throws {
    let certificate = directory["certificate.pem"]
    let key = directory["key.pem"]
    try await OpenSSLProcess([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
      "-addext", "subjectAltName=IP:127.0.0.1",
    ]).finish()
    certificateFile = certificate
    process = try OpenSSLProcess([
      "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www",
    ])
    port = try await process.port()
  }
}
