internal import RolloutCore

/// One value of `connect_to`.
enum ProbeConnection: Hashable {
  case host(ProbeTarget.Endpoint)
  /// The word `cloudfront`: the domain's distribution, by the name that Cognito gives it. A host of
  /// this name cannot be written.
  case distribution(port: Int)

  static let kind = "host:port, host, [IPv6 address]:port, or cloudfront"
  private static let distributionWord = "cloudfront"

  init(parsing text: String) throws(Malformed) {
    let endpoint = try ProbeTarget.Endpoint(parsing: text, as: Self.kind)
    self =
      endpoint.host == Self.distributionWord
      ? .distribution(port: endpoint.port) : .host(endpoint)
  }
}

extension [ProbeConnection] {
  var endpoints: [ProbeTarget.Endpoint] {
    compactMap { connection in
      switch connection {
      case .host(let endpoint): endpoint
      case .distribution: nil
      }
    }
  }

  var distributionPorts: [Int] {
    compactMap { connection in
      switch connection {
      case .host: nil
      case .distribution(let port): port
      }
    }
  }
}

extension ProbeTarget.Endpoint {
  static let kind = "host:port, host, or [IPv6 address]:port"
  /// The port on which CloudFront serves HTTPS.
  static let defaultPort = 443

  /// `edge.example.net:8443`, `192.0.2.7`, `[2001:db8::7]:443`; without a port, 443.
  init(parsing text: String, as kind: String = kind) throws(Malformed) {
    func wrong(_ problem: String) -> Malformed { Malformed(kind, problem) }
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
      let port = try rest.isEmpty ? Self.defaultPort : Self.port(rest.dropFirst(), of: kind)
      self.init(host: DNSName.lowercased(host), port: port)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first else {
      throw wrong("write an IPv6 address in brackets, as in [2001:db8::7]:443")
    }
    let suffix = String(text.dropFirst(first.count))
    if let advice = InternationalName.advice(
      for: String(first), suffix: suffix, underscores: .allowed)
    {
      throw wrong(advice)
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
    let port = try parts.count == 2 ? Self.port(parts[1], of: kind) : Self.defaultPort
    self.init(host: host, port: port)
  }

  private static func port(_ text: Substring, of kind: String) throws(Malformed) -> Int {
    let isDigits = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDigits, let port = Int(text), (1...65535).contains(port) else {
      throw Malformed(
        kind,
        "the port \(String(text).quoted(limit: 20)) is not a number from 1 to 65535; correct it")
    }
    return port
  }
}
