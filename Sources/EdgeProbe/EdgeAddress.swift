package import Glibc

/// The IP address and port of an edge.
package struct EdgeAddress: Hashable, Sendable, CustomStringConvertible {
  private let family: Family
  /// In network byte order.
  private let bytes: [UInt8]
  /// The interface of a link-local IPv6 address; otherwise 0.
  private let scope: UInt32
  private let port: UInt16

  private enum Family: Hashable {
    case ipv4, ipv6
  }

  /// Parses an address in text form, without brackets; nil when it is malformed.
  package init?(_ text: String, port: UInt16) {
    var buffer = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &buffer) == 1 {
      self.init(family: .ipv4, bytes: Array(buffer.prefix(4)), scope: 0, port: port)
    } else if inet_pton(AF_INET6, text, &buffer) == 1 {
      self.init(family: .ipv6, bytes: buffer, scope: 0, port: port)
    } else {
      return nil
    }
  }

  /// An entry of `getaddrinfo`; nil for a family other than IPv4 and IPv6.
  init?(_ entry: addrinfo) {
    guard let address = entry.ai_addr else { return nil }
    let raw = UnsafeRawPointer(address)
    let length = Int(entry.ai_addrlen)
    switch entry.ai_family {
    case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
      let ipv4 = raw.loadUnaligned(as: sockaddr_in.self)
      self.init(
        family: .ipv4, bytes: withUnsafeBytes(of: ipv4.sin_addr) { Array($0) }, scope: 0,
        port: UInt16(bigEndian: ipv4.sin_port))
    case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
      let ipv6 = raw.loadUnaligned(as: sockaddr_in6.self)
      self.init(
        family: .ipv6, bytes: withUnsafeBytes(of: ipv6.sin6_addr) { Array($0) },
        scope: ipv6.sin6_scope_id, port: UInt16(bigEndian: ipv6.sin6_port))
    default:
      return nil
    }
  }

  private init(family: Family, bytes: [UInt8], scope: UInt32, port: UInt16) {
    self.family = family
    self.bytes = bytes
    self.scope = scope
    self.port = port
  }

  func on(port: UInt16) -> EdgeAddress {
    EdgeAddress(family: family, bytes: bytes, scope: scope, port: port)
  }

  /// `AF_INET` or `AF_INET6`.
  package var socketFamily: Int32 {
    switch family {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    }
  }

  package func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    return withUnsafeMutableBytes(of: &storage) { raw in
      let length: Int
      switch family {
      case .ipv4:
        var ipv4 = sockaddr_in()
        ipv4.sin_family = sa_family_t(AF_INET)
        ipv4.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &ipv4.sin_addr) { $0.copyBytes(from: bytes) }
        raw.storeBytes(of: ipv4, as: sockaddr_in.self)
        length = MemoryLayout<sockaddr_in>.size
      case .ipv6:
        var ipv6 = sockaddr_in6()
        ipv6.sin6_family = sa_family_t(AF_INET6)
        ipv6.sin6_port = port.bigEndian
        ipv6.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &ipv6.sin6_addr) { $0.copyBytes(from: bytes) }
        raw.storeBytes(of: ipv6, as: sockaddr_in6.self)
        length = MemoryLayout<sockaddr_in6>.size
      }
      let address = raw.assumingMemoryBound(to: sockaddr.self)
      guard let base = address.baseAddress else {
        preconditionFailure("a variable on the stack has an address")
      }
      return body(base, socklen_t(length))
    }
  }

  package var isIPv4: Bool { family == .ipv4 }

  /// `192.0.2.7:443` or `[2001:db8::1]:443`.
  package var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    }
  }

  /// Without the port: `192.0.2.7` or `2001:db8::1`.
  package var host: String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(socketFamily, bytes, &buffer, socklen_t(buffer.count)) != nil else {
      return "?"
    }
    let text = buffer.withUnsafeBufferPointer { characters in
      String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    return scope == 0 ? text : "\(text)%\(scope)"
  }
}

extension EdgeAddress: Comparable {
  /// IPv4 before IPv6, then by number. Name servers rotate the order of their answers; the order that
  /// is shown and stored stays the same.
  package static func < (left: EdgeAddress, right: EdgeAddress) -> Bool {
    if left.family != right.family { return left.family == .ipv4 }
    if left.bytes != right.bytes {
      return left.bytes.lexicographicallyPrecedes(right.bytes)
    }
    return (left.port, left.scope) < (right.port, right.scope)
  }
}
