/// The one seam between this program and the network for AWS calls: a request goes in, an
/// answer or the reason for none comes out. Signing, JSON and the judgement of answers lie
/// above it.
package protocol HTTPTransport: Sendable {
  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse
}

package struct HTTPRequest: Equatable, Sendable {
  package var method: String
  /// `https` or `http`, host, port where it is not the scheme's, path and query.
  package var url: String
  /// Sent as they are, in this order; `Host` among them only when it differs from the URL's.
  package var headers: [Header]
  package var body: [UInt8]
  /// From the first byte of name resolution to the last of the answer.
  package var timeout: Duration
  package var connectTimeout: Duration
  /// A body of more bytes ends the transfer with `.tooLarge`.
  package var maximumBodySize: Int
  /// True for calls that must not be sent twice behind our back: libcurl repeats a request by
  /// itself when a reused connection turns out to be closed.
  package var usesFreshConnection: Bool
  /// PEM roots instead of the system's, `AWS_CA_BUNDLE`.
  package var caBundle: String?

  package init(
    method: String = "POST", url: String, headers: [Header] = [], body: [UInt8] = [],
    timeout: Duration = .seconds(20), connectTimeout: Duration = .seconds(5),
    maximumBodySize: Int = 8 << 20, usesFreshConnection: Bool = false, caBundle: String? = nil
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

  /// The first header of that name, without regard to case.
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

/// Why there is no answer.
package enum TransportError: Error, Equatable, Sendable {
  /// Nothing was sent: the name does not resolve, the connection or TLS failed, a proxy said
  /// no. With libcurl's own words.
  case notSent(String)
  /// Something was sent and no whole answer came: it may have been done.
  case answerLost(String)
  case timedOut(String, sent: Bool)
  /// The answer is over `maximumBodySize`.
  case tooLarge(limit: Int)
}
