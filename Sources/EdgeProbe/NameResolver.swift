import COpenSSL
import Glibc
import POSIX
import RolloutCore

/// The addresses that a name resolves to, or why it does not resolve.
package enum NameResolution: Equatable, Sendable {
  case addresses([EdgeAddress])
  case failed(String)
}

/// Looks up a host. It may block for any length of time.
package typealias NameLookup = @Sendable (_ host: String, _ port: UInt16) -> NameResolution

/// Resolves names within a time limit, which the system's resolver does not have.
///
/// The lookup runs on a thread of its own, which is abandoned when the limit passes. The number of
/// these threads is limited. While all of them are blocked, further lookups wait, and fail when their
/// own limit passes.
final class NameResolver: Sendable {
  private let pool = ThreadPool(limit: maximumLookups)
  private let lookUp: NameLookup
  private let limit: Duration

  private static let maximumLookups = 8

  init(lookUp: @escaping NameLookup, limit: Duration) {
    self.lookUp = lookUp
    self.limit = limit
  }

  /// Blocks the thread for at most the limit.
  func resolve(_ endpoint: ProbeTarget.Endpoint) -> NameResolution {
    guard let port = UInt16(exactly: endpoint.port), port > 0 else {
      return .failed("the port \(endpoint.port) is not 1 to 65535")
    }
    let host = endpoint.host
    guard !host.isEmpty, !host.utf8.contains(0) else {
      return .failed("\(host.debugDescription) is not a host name")
    }
    do throws(EdgeProbeError) {
      let deadline = try Deadline(after: limit)
      let pending = try PendingAnswer()
      try pool.submit { [lookUp] in
        if !pending.isAbandoned { pending.deliver(lookUp(host, port)) }
      }
      switch deadline.wait(for: pending.descriptor, .readable) {
      case .ready: return pending.answer ?? .failed("the lookup ended without an answer")
      case .passed:
        pending.abandon()
        return .failed("no answer within \(limit.compact)")
      case .failed(let code):
        pending.abandon()
        return .failed(EdgeProbeError.system(code).text)
      }
    } catch {
      return .failed(error.text)
    }
  }
}

/// An answer that one thread delivers and another waits for, with a descriptor that can be polled.
private final class PendingAnswer: Sendable {
  /// Readable when there is an answer.
  let descriptor: Int32
  private let state = Guarded<(answer: NameResolution?, isAbandoned: Bool)>((nil, false))

  init() throws(EdgeProbeError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    if descriptor < 0 { throw .system(errno) }
  }

  /// Both threads hold the object, so the descriptor is closed when the last one releases it.
  deinit { close(descriptor) }

  var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

  func abandon() { state.withLock { $0.isAbandoned = true } }

  func deliver(_ answer: NameResolution) {
    state.withLock { $0.answer = answer }
    eventfd_write(descriptor, 1)
  }

  var answer: NameResolution? { state.withLock { $0.answer } }
}

/// Looks up a host with the system's resolver, which uses `/etc/hosts`, DNS and its other configured
/// sources. It asks for both address families, also for one in which this host has no address: an
/// edge that only other hosts can reach is still reported.
@Sendable
package func systemLookup(_ host: String, port: UInt16) -> NameResolution {
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, String(port), &hints, &list)
  let systemCode = errno
  guard code == 0 else {
    if code == EAI_SYSTEM { return .failed(EdgeProbeError.system(systemCode).text) }
    guard let text = gai_strerror(code) else { return .failed("error \(code)") }
    let words = String(cString: text)
    return .failed(words.prefix(1).lowercased() + words.dropFirst())
  }
  defer { if let list { freeaddrinfo(list) } }
  var addresses: [EdgeAddress] = []
  var next = list
  while let entry = next, addresses.count < maximumAnswers {
    if let address = EdgeAddress(entry.pointee) { addresses.append(address) }
    next = entry.pointee.ai_next
  }
  return addresses.isEmpty ? .failed("it has no address") : .addresses(addresses)
}

/// More addresses than a DNS answer of 64 KiB can contain.
private let maximumAnswers = 8192
