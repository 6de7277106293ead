internal import RolloutCore

extension ProbeTarget.Endpoint {
  static let kind = "host:port, host, or [IPv6 address]:port"
  /// Stands for the distribution's own name. Taken as a host name, it would be looked up in vain.
  private static let unsupportedWord = "cloudfront"
  /// The port on which CloudFront serves HTTPS.
  static let defaultPort = 443

  /// `edge.example.net:8443`, `192.0.2.7`, `[2001:db8::7]:443`; without a port, 443.
  init(parsing text: String) throws(Malformed) {
    func wrong(_ problem: String) -> Malformed { Malformed(ProbeTarget.Endpoint.kind, problem) }
    if text == Self.unsupportedWord {
      throw wrong("the word cloudfront is not supported yet by this version; name a host")
    }
    if text.contains("/") { throw wrong("remove the scheme and the path") }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else {
        throw wrong("\"[\" has no matching \"]\"; add it")
      }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard HostName.isIPv6(host) else {
        throw wrong("\(host.quoted(limit: 60)) is not an IPv6 address; correct it")
      }
      guard rest.isEmpty || rest.hasPrefix(":") else {
        throw wrong("remove what follows \"]\", or write it as :port")
      }
      let port = try rest.isEmpty ? Self.defaultPort : Self.port(rest.dropFirst())
      self.init(host: DNSName.lowercased(host), port: port)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first else {
      throw wrong("write an IPv6 address in brackets, as in [2001:db8::7]:443")
    }
    let host = DNSName.lowercased(String(first))
    let isNumeric = host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    if isNumeric, !host.isEmpty {
      guard HostName.isIPv4(host) else {
        throw wrong("\(host.quoted(limit: 60)) is not an IPv4 address; correct it")
      }
    } else if let problem = HostName.problem(with: host, underscores: .allowed) {
      throw wrong(problem)
    }
    let port = try parts.count == 2 ? Self.port(parts[1]) : Self.defaultPort
    self.init(host: host, port: port)
  }

  private static func port(_ text: Substring) throws(Malformed) -> Int {
    let isDigits = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDigits, let port = Int(text), (1...65535).contains(port) else {
      throw Malformed(
        kind,
        "the port \(String(text).quoted(limit: 20)) is not a number from 1 to 65535; correct it")
    }
    return port
  }
}
