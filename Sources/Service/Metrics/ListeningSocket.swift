import Configuration
import Glibc
import POSIX

/// Opens the socket on which connections are accepted.
enum ListeningSocket {
  /// Connections that the kernel keeps until they are accepted.
  private static let backlog: Int32 = 64

  /// A descriptor that does not block and that no program inherits.
  static func open(_ address: ListenAddress) throws(SystemError) -> Int32 {
    switch address.host {
    case .ipv4(let host): return try open(ipv4(host, address.port))
    case .ipv6(let host): return try open(ipv6(host, address.port), acceptsIPv4: false)
    case .any:
      do throws(SystemError) {
        return try open(ipv6("::", address.port), acceptsIPv4: true)
      } catch {
        // A kernel without IPv6.
        guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else { throw error }
        return try open(ipv4("0.0.0.0", address.port))
      }
    }
  }

  /// The port that the kernel chose for port 0.
  static func port(of descriptor: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    guard code == 0 else { return nil }
    // Both families have the port at the same place.
    return withUnsafeBytes(of: storage) { bytes in
      UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
    }
  }

  private static func ipv4(_ host: String, _ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    _ = inet_pton(AF_INET, host, &address.sin_addr)
    return address
  }

  private static func ipv6(_ host: String, _ port: UInt16) -> sockaddr_in6 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    _ = inet_pton(AF_INET6, host, &address.sin6_addr)
    return address
  }

  private static func open(_ address: sockaddr_in) throws(SystemError) -> Int32 {
    let descriptor = try make(AF_INET)
    try listen(descriptor, on: address)
    return descriptor
  }

  private static func open(
    _ address: sockaddr_in6, acceptsIPv4: Bool
  ) throws(SystemError) -> Int32 {
    let descriptor = try make(AF_INET6)
    try set(IPV6_V6ONLY, of: Int32(IPPROTO_IPV6), to: acceptsIPv4 ? 0 : 1, descriptor)
    try listen(descriptor, on: address)
    return descriptor
  }

  private static func make(_ family: Int32) throws(SystemError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw .last }
    // A restart need not wait for the connections of the former process.
    try set(SO_REUSEADDR, of: SOL_SOCKET, to: 1, descriptor)
    return descriptor
  }

  private static func set(
    _ option: Int32, of level: Int32, to value: Int32, _ descriptor: Int32
  ) throws(SystemError) {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    if setsockopt(descriptor, level, option, &value, size) != 0 { try fail(descriptor) }
  }

  private static func listen<Address>(
    _ descriptor: Int32, on address: Address
  ) throws(SystemError) {
    let size = socklen_t(MemoryLayout<Address>.size)
    let code = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    if code != 0 || Glibc.listen(descriptor, backlog) != 0 { try fail(descriptor) }
  }

  private static func fail(_ descriptor: Int32) throws(SystemError) {
    let error = SystemError.last
    close(descriptor)
    throw error
  }
}
