import AWSWire
import EdgeProbe
import Transport

/// The clients of AWS and of the edges, as the environment configures them.
struct Connections: Sendable {
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
