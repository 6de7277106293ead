internal import RolloutCore

/// Where the daemon accepts connections.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: Host
  /// 0: any free port.
  package var port: UInt16

  package init(_ host: Host, port: UInt16) {
    self.host = host
    self.port = port
  }

  package enum Host: Hashable, Sendable {
    /// Every address of this host, of both families where there are both.
    case any
    case ipv4(String)
    /// Without brackets.
    case ipv6(String)
  }

  package var description: String {
    switch host {
    case .any: ":\(port)"
    case .ipv4(let address): "\(address):\(port)"
    case .ipv6(let address): "[\(address)]:\(port)"
    }
  }
}

extension ListenAddress {
  static let kind = "an address to listen on, such as 127.0.0.1:9464, [::1]:9464 or :9464"

  /// Names are refused: they would be resolved at the start, and may be of another host.
  init(parsing text: String) throws(Malformed) {
    func wrong(_ problem: String) -> Malformed { Malformed(Self.kind, problem) }
    if text.contains("/") { throw wrong("remove the scheme and the path") }
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
      throw wrong("add the port, as in 127.0.0.1:9464")
    }
    let host = String(text[..<colon])
    let digits = text[text.index(after: colon)...]
    let isDigits = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDigits, let port = UInt16(digits) else {
      throw wrong(
        "the port \(String(digits).quoted(limit: 20)) is not a number from 0 to 65535; correct it")
    }
    self.init(try Self.host(host), port: port)
  }

  private static func host(_ text: String) throws(Malformed) -> Host {
    if text.isEmpty { return .any }
    if text.hasPrefix("["), text.hasSuffix("]") {
      let address = DNSName.lowercased(String(text.dropFirst().dropLast()))
      if HostName.isIPv6(address) { return .ipv6(address) }
      throw Malformed(kind, "\(address.quoted(limit: 60)) is not an IPv6 address; correct it")
    }
    if text.contains(":") {
      throw Malformed(kind, "write an IPv6 address in brackets, as in [::1]:9464")
    }
    if HostName.isIPv4(text) { return .ipv4(text) }
    let advice = text == "localhost" ? "127.0.0.1" : "an address of this host"
    throw Malformed(
      kind, "\(text.quoted(limit: 60)) is not an IP address; write \(advice), or only :9464 for all"
    )
  }
}
