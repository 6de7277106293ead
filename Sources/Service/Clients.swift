import AWSWire
import EdgeProbe
import Reconciliation
import Transport

/// The clients for AWS and the edges, configured by the environment.
struct Clients: Sendable {
  let client: AWSClient
  let probe = OpenSSLEdgeProbe(uptime: { SystemClock.uptime })
  private let transport = CurlTransport()

  /// - Parameters:
  ///   - awsTime: learns AWS's clock from the answers.
  ///   - answered: called at the end of every attempt of a request.
  init(
    environment: [String: String], version: String, awsTime: AWSTime,
    answered: @escaping @Sendable (RequestResult?) -> Void
  ) throws(MalformedEndpoint) {
    client = AWSClient(
      transport: transport,
      credentials: CredentialCache(environment: environment),
      endpoints: try Endpoints(environment: environment), clock: CallClock(awsTime: awsTime),
      userAgent: "cognito-certd/\(version)", uptime: { SystemClock.monotonic },
      answered: answered)
  }

  func shutDown() async { await transport.shutDown() }
}
