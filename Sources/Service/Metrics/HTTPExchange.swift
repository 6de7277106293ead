/// The head of a request, as far as metrics need it.
package struct HTTPRequestHead: Equatable, Sendable {
  package var method: String
  /// Without the query.
  package var path: String

  /// How far a head has been read.
  package enum Progress: Equatable, Sendable {
    case incomplete
    case complete(HTTPRequestHead)
    case malformed
    case tooLarge
  }

  /// In bytes. A scraper's head has a few hundred.
  package static let maximumSize = 8 << 10

  package static func read(_ bytes: [UInt8]) -> Progress {
    guard let first = bytes.first else { return .incomplete }
    // A client that begins with TLS or another protocol is answered at once, not after the time limit.
    if !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) { return .malformed }
    guard let end = endOfHead(bytes) else {
      return bytes.count >= maximumSize ? .tooLarge : .incomplete
    }
    if end > maximumSize { return .tooLarge }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 3, parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0",
      parts[0].utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }),
      parts[1].hasPrefix("/")
    else { return .malformed }
    return .complete(
      HTTPRequestHead(method: parts[0], path: String(parts[1].prefix { $0 != "?" && $0 != "#" })))
  }

  /// The place after the empty line; nil when there is none yet.
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var isAtStartOfLine = false
    for (index, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "\n") {
        if isAtStartOfLine { return index + 1 }
        isAtStartOfLine = true
      } else if byte != UInt8(ascii: "\r") {
        isAtStartOfLine = false
      }
    }
    return nil
  }
}

package struct HTTPAnswer: Equatable, Sendable {
  package var status: Status
  package var contentType = "text/plain; charset=utf-8"
  package var body: [UInt8]

  package enum Status: Int, Sendable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case headTooLarge = 431
    case unavailable = 503

    var phrase: String {
      switch self {
      case .ok: "OK"
      case .badRequest: "Bad Request"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .headTooLarge: "Request Header Fields Too Large"
      case .unavailable: "Service Unavailable"
      }
    }
  }

  package init(_ status: Status, _ text: String) {
    self.status = status
    body = Array((text + "\n").utf8)
  }

  package init(metrics: [UInt8]) {
    status = .ok
    contentType = MetricsText.contentType
    body = metrics
  }

  /// What is sent. Every connection serves one request: a scrape is too rare to keep one open.
  package func bytes(withBody: Bool) -> [UInt8] {
    var lines = [
      "HTTP/1.1 \(status.rawValue) \(status.phrase)", "Content-Type: \(contentType)",
      "Content-Length: \(body.count)", "Connection: close",
    ]
    if status == .methodNotAllowed { lines.append("Allow: GET, HEAD") }
    let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    return withBody ? head + body : head
  }
}

/// What a path is answered with.
package enum MetricsPath: String, CaseIterable, Sendable {
  case metrics = "/metrics"
  case health = "/healthz"

  package enum Route: Equatable, Sendable {
    case path(MetricsPath)
    case refused(HTTPAnswer)
  }

  package static func route(of head: HTTPRequestHead) -> Route {
    guard let path = MetricsPath(rawValue: head.path) else {
      let paths = allCases.map(\.rawValue).joined(separator: " and ")
      return .refused(HTTPAnswer(.notFound, "there are only \(paths)"))
    }
    guard head.method == "GET" || head.method == "HEAD" else {
      return .refused(HTTPAnswer(.methodNotAllowed, "use GET or HEAD"))
    }
    return .path(path)
  }
}
