import Glibc

/// Where datagrams to systemd and its journal go: the path of an AF_UNIX socket, or `@` and a
/// name in the abstract namespace.
///
/// A socket is opened for each datagram: there are few, and nothing can then go stale or leak
/// when the other side restarts.
struct UnixDatagram: Sendable {
  let path: String

  enum Outcome: Equatable, Sendable {
    case sent
    /// The kernel takes no datagram of this size.
    case tooLarge
    case failed(errno: Int32)
  }

  /// How long a full queue on the other side is waited for. Long enough for a busy moment, and
  /// short beside every watchdog.
  static let sendTimeout = timeval(tv_sec: 1, tv_usec: 0)

  /// What the queue should hold. The kernel gives as much of it as `net.core.wmem_max` allows.
  private static let sendBufferSize: Int32 = 1 << 20

  /// Sends `bytes` as one datagram. Never raises a signal.
  ///
  /// - Parameter waits: whether a full queue is waited for.
  func send(_ bytes: [UInt8], waits: Bool = true) -> Outcome {
    guard let (address, length) = address else { return .failed(errno: ENAMETOOLONG) }
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return .failed(errno: errno) }
    defer { close(descriptor) }
    UnixDatagram.set(SO_SNDBUF, to: UnixDatagram.sendBufferSize, on: descriptor)
    UnixDatagram.set(SO_SNDTIMEO, to: UnixDatagram.sendTimeout, on: descriptor)
    let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
    for _ in 0..<UnixDatagram.maximumInterruptions {
      let count = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes, bytes.count, flags, $0, length)
        }
      }
      if count == bytes.count { return .sent }
      switch errno {
      case EINTR: continue
      case EMSGSIZE: return .tooLarge
      case let code: return .failed(errno: code)
      }
    }
    return .failed(errno: EINTR)
  }

  private static let maximumInterruptions = 16

  /// nil when the path does not fit an address.
  private var address: (sockaddr_un, socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    let isAbstract = name.first == UInt8(ascii: "@")
    if isAbstract { name[0] = 0 }
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    // A path needs its terminating zero; a name in the abstract namespace must not have one.
    guard !name.isEmpty, isAbstract || !name.contains(0), name.count < capacity else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    guard let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) else { return nil }
    return (address, socklen_t(offset + name.count + (isAbstract ? 0 : 1)))
  }

  private static func set<Value: BitwiseCopyable>(
    _ option: Int32, to value: Value, on descriptor: Int32
  ) {
    var value = value
    setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
  }
}
