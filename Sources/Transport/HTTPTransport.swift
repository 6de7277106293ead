/// Sends HTTP requests to AWS. It takes a request and returns a response, or throws the reason why there
/// is none. Signing, JSON and the classification of answers are done by its callers.
///
/// The simulation replaces the network here.
package protocol HTTPTransport: Sendable {
  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse
}

package struct HTTPRequest: Equatable, Sendable {
  package var method: String
  /// `https` or `http`, host, port unless it is the scheme's default, path and query.
  package var url: String
  /// Sent unchanged, in this order. `Host` is included only when it differs from the URL's.
  package var headers: [Header]
  package var body: [UInt8]
  /// From the start of name resolution to the last byte of the response.
  package var timeout: Duration
  /// For name resolution and connection. The system's resolver asks its second name server after 5 s,
  /// or after 10 s with `options timeout:10`.
  package var connectTimeout: Duration
  /// A longer body of the response, in bytes, ends the transfer with `.tooLarge`.
  package var maximumBodySize: Int
  /// True for requests that must not be repeated: libcurl sends a request again when a reused
  /// connection turns out to be closed.
  package var usesFreshConnection: Bool
  /// A PEM file of roots, used instead of the system's: `AWS_CA_BUNDLE`.
  package var caBundle: String?
  /// False for addresses that only this machine reaches, such as that of the instance metadata.
  package var usesProxy: Bool

  package init(
    method: String = "POST", url: String, headers: [Header] = [], body: [UInt8] = [],
    timeout: Duration = .seconds(30), connectTimeout: Duration = .seconds(20),
    maximumBodySize: Int = 8 << 20, usesFreshConnection: Bool = false, caBundle: String? = nil,
    usesProxy: Bool = true
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.connectTimeout = connectTimeout
    self.maximumBodySize = maximumBodySize
    self.usesFreshConnection = usesFreshConnection
    self.caBundle = caBundle
    self.usesProxy = usesProxy
  }
}

package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  package var headers: [Header]
  package var body: [UInt8]

  package init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The value of the first header with that name, ignoring case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

package struct Header: Equatable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Why there is no response.
package enum TransportError: Error, Equatable, Sendable {
  /// Nothing was sent: the name does not resolve, or the connection, TLS or a proxy failed. With
  /// libcurl's text.
  case notSent(String)
  /// The request was sent, and no complete response arrived. It may have been carried out.
  case answerLost(String)
  case timedOut(String, sent: Bool)
  /// The body is over `maximumBodySize`.
  case tooLarge(limit: Int)
}
