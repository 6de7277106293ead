import Glibc

/// Sends datagrams to an AF_UNIX socket of systemd or its journal. The path may also be `@` and a name
/// in the abstract namespace.
///
/// A socket is opened for each datagram. There are few, and a restart of the receiver then needs no
/// handling.
struct UnixDatagram: Sendable {
  let path: String

  enum Outcome: Equatable, Sendable {
    case sent
    /// The kernel does not accept a datagram of this size.
    case tooLarge
    case failed(errno: Int32)
  }

  /// How long a datagram waits for a full queue: long enough for a busy receiver, and short compared
  /// with the interval of the watchdog.
  static let sendTimeout = timeval(tv_sec: 1, tv_usec: 0)

  /// The requested size of the send buffer. The kernel limits it to `net.core.wmem_max`.
  private static let sendBufferSize: Int32 = 1 << 20

  /// Sends `bytes` as one datagram. Never raises a signal.
  ///
  /// - Parameter waits: whether to wait while the queue is full.
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
    // A path needs a terminating zero; a name in the abstract namespace must not have one.
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
