import LosslessJSON
package import RolloutCore
import Transport

/// How an endpoint answered to a request that asks for nothing.
package struct EndpointAnswer: Equatable, Sendable {
  package let url: String
  package let status: Int
  /// The answer's `Date`: AWS's clock, to the second.
  package let date: Instant?
}

/// Requests that only show whether they are possible.
extension AWSClient {
  /// Lists one certificate at most; nil when that is allowed.
  package func tryListing(as identity: Identity) async -> Failure? {
    await failure(
      of: "ListCertificates", service: .acm, ["MaxItems": 1], as: identity)
  }

  /// Gets the tags of one certificate at most; nil when that is allowed.
  package func tryTags(as identity: Identity) async -> Failure? {
    await failure(
      of: "GetResources", service: .tagging,
      ["ResourceTypeFilters": ["acm:certificate"], "ResourcesPerPage": 1], as: identity)
  }

  private func failure(
    of operation: String, service: AWSService, _ body: JSONValue, as identity: Identity
  ) async -> Failure? {
    let call = WireCall(
      service: service, region: .usEast1, identity: identity, operation: operation,
      object: identity.description, payload: .json(body), effect: .read,
      maximumBodySize: WireCall.maximumSingle)
    do throws(Failure) {
      _ = try await client.object(from: call)
      return nil
    } catch {
      return error
    }
  }

  /// Sends an unsigned GET to the endpoint of a service. Any answer shows that it can be reached, and
  /// over TLS that its certificate is trusted.
  package func reach(
    _ service: AWSService, in region: Region, as identity: Identity, timeout: Duration
  ) async -> Look<EndpointAnswer> {
    let settings: EndpointSettings
    let url: String
    do throws(MalformedEndpoint) {
      settings = try client.endpoints.settings(for: identity, at: uptime())
      url = try settings.url(of: service, in: region)
    } catch {
      return .unseen(
        Failure(
          .credentials, operation: "endpoint", object: identity.description,
          message: error.description))
    }
    do throws(TransportError) {
      let response = try await client.transport.send(
        HTTPRequest(
          method: "GET", url: url, timeout: timeout, connectTimeout: timeout,
          maximumBodySize: WireCall.maximumSingle, caBundle: settings.caBundle))
      return .seen(
        EndpointAnswer(
          url: url, status: response.status,
          date: response.header("date").flatMap(AnswerTime.httpDate)))
    } catch {
      return .unseen(
        Failure(
          .unreachable, operation: "GET", object: url,
          message: SafeMessage.local(error.words, hiding: [])))
    }
  }
}
