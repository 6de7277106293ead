internal import RolloutCore

extension ProbeTarget.Endpoint {
  static let kind = "host:port, host, or [IPv6 address]:port"
  /// Where CloudFront serves.
  static let standardPort = 443

  /// `edge.example.net:8443`, `192.0.2.7`, `[2001:db8::7]:443`; without a port, 443.
  init(parsing text: String) throws(Malformed) {
    func wrong(_ problem: String) -> Malformed { Malformed(ProbeTarget.Endpoint.kind, problem) }
    if text.contains("/") { throw wrong("write no scheme and no path") }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw wrong("the \"[\" is not closed") }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard HostName.isIPv6(host) else {
        throw wrong("\(host.quoted(limit: 60)) is not an IPv6 address")
      }
      guard rest.isEmpty || rest.hasPrefix(":") else {
        throw wrong("after \"]\" only :port may follow")
      }
      let port = try rest.isEmpty ? Self.standardPort : Self.port(rest.dropFirst())
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
        throw wrong("\(host.quoted(limit: 60)) is not an IPv4 address")
      }
    } else if let problem = HostName.problem(with: host, underscores: .allowed) {
      throw wrong(problem)
    }
    let port = try parts.count == 2 ? Self.port(parts[1]) : Self.standardPort
    self.init(host: host, port: port)
  }

  private static func port(_ text: Substring) throws(Malformed) -> Int {
    let isDigits = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDigits, let port = Int(text), (1...65535).contains(port) else {
      throw Malformed(
        kind, "the port \(String(text).quoted(limit: 20)) is not a number from 1 to 65535")
    }
    return port
  }
}
