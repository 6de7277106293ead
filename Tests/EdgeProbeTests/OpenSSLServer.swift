import Foundation
import SimulatedAWS
import TestSupport

/// `openssl s_server` with a minted certificate, on a port that the system chooses.
struct OpenSSLServer {
  let port: Int
  private let process: OpenSSLProcess

  /// Serves while `body` runs.
  static func serving<Result>(
    _ certificate: MintedCertificate, _ options: [String],
    _ body: (OpenSSLServer) async throws -> Result
  ) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try await OpenSSLServer(certificate, options, in: directory)
    defer { server.process.kill() }
    return try await body(server)
  }

  private init(
    _ certificate: MintedCertificate, _ options: [String], in directory: TemporaryDirectory
  ) async throws {
    let paths = (directory["leaf.pem"], directory["key.pem"], directory["chain.pem"])
    try certificate.certificatePEM.write(toFile: paths.0, atomically: true, encoding: .utf8)
    try certificate.privateKeyPEM.write(toFile: paths.1, atomically: true, encoding: .utf8)
    try certificate.chainPEM.write(toFile: paths.2, atomically: true, encoding: .utf8)
    process = try OpenSSLProcess(
      [
        "s_server", "-accept", "127.0.0.1:0", "-cert", paths.0, "-key", paths.1,
        "-cert_chain", paths.2, "-cert2", paths.0, "-key2", paths.1,
      ] + options)
    port = try await process.port()
  }
}
