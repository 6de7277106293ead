package import Transport

/// Parses the requests on a connection, as strictly as a proxy.
///
/// It never traps. For malformed bytes it returns the error to answer with.
package struct HTTPRequestParser {
  private var buffer: [UInt8] = []
  private var head: Head?
  private let limits: HTTPServerLimits

  package init(limits: HTTPServerLimits = HTTPServerLimits()) {
    self.limits = limits
  }

  package enum Outcome: Equatable {
    case needsMore
    /// The client waits for `100 Continue` before it sends the body.
    case awaitsContinue
    case request(HTTPRequest, keepsAlive: Bool)
    /// The connection must be closed after the answer.
    case malformed(status: Int, problem: String)
  }

  package mutating func feed(_ bytes: some Sequence<UInt8>) {
    buffer.append(contentsOf: bytes)
  }

  package mutating func next() -> Outcome {
    do throws(Malformed) {
      return try parse()
    } catch {
      return .malformed(status: error.status, problem: error.problem)
    }
  }

  private struct Malformed: Error {
    var status = 400
    var problem: String
  }

  private struct Head {
    var method: String
    var url: String
    var headers: [Header]
    var bodySize: Int
    var keepsAlive: Bool
    var awaitsContinue: Bool
  }

  private mutating func parse() throws(Malformed) -> Outcome {
    if head == nil {
      guard let end = endOfHead() else {
        if buffer.count > limits.maximumHead { throw tooLargeHead }
        return .needsMore
      }
      if end > limits.maximumHead { throw tooLargeHead }
      head = try readHead(buffer[..<end])
      buffer.removeFirst(end + HTTPRequestParser.blankLine.count)
    }
    guard let head else { return .needsMore }
    guard buffer.count >= head.bodySize else {
      guard head.awaitsContinue else { return .needsMore }
      self.head?.awaitsContinue = false
      return .awaitsContinue
    }
    let request = HTTPRequest(
      method: head.method, url: head.url, headers: head.headers,
      body: Array(buffer.prefix(head.bodySize)))
    buffer.removeFirst(head.bodySize)
    self.head = nil
    return .request(request, keepsAlive: head.keepsAlive)
  }

  private static let blankLine = Array("\r\n\r\n".utf8)

  private var tooLargeHead: Malformed {
    Malformed(status: 431, problem: "the head is over \(limits.maximumHead) bytes")
  }

  private func endOfHead() -> Int? {
    let mark = HTTPRequestParser.blankLine
    guard buffer.count >= mark.count else { return nil }
    return (0...buffer.count - mark.count).first {
      buffer[$0..<$0 + mark.count].elementsEqual(mark)
    }
  }

  private func readHead(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> Head {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Malformed(problem: "the head is not UTF-8")
    }
    // Compared as bytes, because CR and LF together are one Character.
    var lines: [String] = []
    for line in text.components(splitBy: "\r\n") {
      guard line.unicodeScalars.allSatisfy({ $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7f) })
      else { throw Malformed(problem: "the head contains a control character") }
      lines.append(line)
    }
    let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, HTTPRequestParser.isToken(words[0]) else {
      throw Malformed(problem: "the request line is not METHOD TARGET VERSION")
    }
    guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
      throw Malformed(status: 505, problem: "only HTTP/1.1 and 1.0 are supported")
    }
    let headers = try readHeaders(lines.dropFirst())
    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name }?.value
    }
    if header("transfer-encoding") != nil {
      throw Malformed(
        status: 501, problem: "Transfer-Encoding is not supported; send a Content-Length")
    }
    let connection = (header("connection") ?? "").lowercased()
    let isOld = words[2] == "HTTP/1.0"
    return Head(
      method: String(words[0]), url: try url(String(words[1]), host: header("host"), isOld: isOld),
      headers: headers, bodySize: try bodySize(headers),
      keepsAlive: isOld ? connection.contains("keep-alive") : !connection.contains("close"),
      awaitsContinue: (header("expect") ?? "").lowercased() == "100-continue")
  }

  private func readHeaders(_ lines: ArraySlice<String>) throws(Malformed) -> [Header] {
    guard lines.count <= limits.maximumHeaders else {
      throw Malformed(status: 431, problem: "more than \(limits.maximumHeaders) headers")
    }
    var headers: [Header] = []
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, HTTPRequestParser.isToken(parts[0]) else {
        throw Malformed(problem: "a header line is not NAME: VALUE")
      }
      headers.append(Header(String(parts[0]), FakeRequest.trimmed(parts[1])))
    }
    return headers
  }

  private func url(_ target: String, host: String?, isOld: Bool) throws(Malformed) -> String {
    if target.lowercased().hasPrefix("http://") { return target }
    guard target.hasPrefix("/") else {
      throw Malformed(problem: "the target is neither a path nor an http URL")
    }
    guard let host, !host.isEmpty, !host.contains(where: { "/?# @\t".contains($0) }) else {
      if isOld, host == nil { return "http://127.0.0.1" + target }
      throw Malformed(problem: "the Host header is missing or not a host")
    }
    return "http://" + host + target
  }

  private func bodySize(_ headers: [Header]) throws(Malformed) -> Int {
    let values = Set(headers.filter { $0.name.lowercased() == "content-length" }.map(\.value))
    guard let value = values.first else { return 0 }
    guard values.count == 1, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let size = Int(value)
    else { throw Malformed(problem: "the Content-Length is not a single number") }
    guard size <= limits.maximumBody else {
      throw Malformed(status: 413, problem: "the body is over \(limits.maximumBody) bytes")
    }
    return size
  }

  private static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count <= 256
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}

extension String {
  /// The parts between occurrences of `separator`, compared as bytes.
  fileprivate func components(splitBy separator: String) -> [String] {
    let bytes = Array(utf8)
    let mark = Array(separator.utf8)
    var parts: [String] = []
    var start = 0
    var index = 0
    while index + mark.count <= bytes.count {
      if bytes[index..<index + mark.count].elementsEqual(mark) {
        parts.append(String(decoding: bytes[start..<index], as: UTF8.self))
        index += mark.count
        start = index
      } else {
        index += 1
      }
    }
    parts.append(String(decoding: bytes[start...], as: UTF8.self))
    return parts
  }
}

/// The limits of the HTTP server.
package struct HTTPServerLimits: Sendable {
  /// Request line and headers, in bytes.
  package var maximumHead = 32 << 10
  package var maximumHeaders = 100
  package var maximumBody = 2 << 20
  package var maximumConnections = 512
  package var maximumRequestsPerConnection = 10_000_000
  /// How long a connection may be silent before it is closed.
  package var idleTimeout: Duration = .seconds(60)

  package init() {}
}
