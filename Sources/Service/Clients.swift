import AWSWire
import EdgeProbe
import Transport

/// The clients for AWS and the edges, configured by the environment.
struct Clients: Sendable {
  let client: AWSClient
  let probe = OpenSSLEdgeProbe()
  private let transport = CurlTransport()

  /// - Parameter answered: called at every answer of AWS.
  init(
    environment: [String: String], version: String, answered: @escaping @Sendable () -> Void
  ) throws(MalformedEndpoint) {
    client = AWSClient(
      transport: transport,
      credentials: CredentialCache(source: CredentialChain(environment: environment)),
      endpoints: try Endpoints(environment: environment), clock: CallClock(),
      userAgent: "cognito-certd/\(version)", uptime: { SystemClock.monotonic },
      answered: answered)
  }

  func shutDown() async { await transport.shutDown() }
}
