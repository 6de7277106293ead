import AWSWire
import EdgeProbe
import Transport

/// The daemon's ways to AWS and to the edges, as the environment says.
struct AWSSurroundings: Sendable {
  let client: AWSClient
  let probe = OpenSSLEdgeProbe()
  private let transport = CurlTransport()

  init(environment: [String: String], version: String) throws(MalformedEndpoint) {
    client = AWSClient(
      transport: transport,
      credentials: CredentialCache(source: CredentialChain(environment: environment)),
      endpoints: try Endpoints(environment: environment), clock: CallClock(),
      userAgent: "cognito-certd/\(version)")
  }

  func shutDown() async { await transport.shutDown() }
}
