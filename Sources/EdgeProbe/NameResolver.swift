import COpenSSL
import Glibc
import POSIX
import RolloutCore

/// What a name resolved to, or why it did not.
package enum NameAnswer: Equatable, Sendable {
  case addresses([EdgeAddress])
  case failed(String)
}

/// Looks a host up, blocking for as long as that takes.
package typealias NameLookup = @Sendable (_ host: String, _ port: UInt16) -> NameAnswer

/// Resolves names within a time limit, although the system's resolver has none to be set.
///
/// The lookup runs on a thread that is left behind when the limit passes. There are few such
/// threads: while all are stuck, names wait their turn and fail when their own limit passes,
/// so that a dead name server costs time and no more.
final class NameResolver: Sendable {
  private let crew = WorkerCrew(limit: maximumLookups)
  private let lookUp: NameLookup
  private let limit: Duration

  private static let maximumLookups = 8

  init(lookUp: @escaping NameLookup, limit: Duration) {
    self.lookUp = lookUp
    self.limit = limit
  }

  /// Blocks the thread for the limit at most.
  func resolve(_ endpoint: ProbeTarget.Endpoint) -> NameAnswer {
    guard let port = UInt16(exactly: endpoint.port), port > 0 else {
      return .failed("the port \(endpoint.port) is not 1 to 65535")
    }
    let host = endpoint.host
    guard !host.isEmpty, !host.utf8.contains(0) else {
      return .failed("\(host.debugDescription) is no host name")
    }
    do throws(StepFailure) {
      let deadline = try Deadline(after: limit)
      let pending = try PendingAnswer()
      try crew.submit { [lookUp] in
        if !pending.isAbandoned { pending.deliver(lookUp(host, port)) }
      }
      switch deadline.wait(for: pending.descriptor, .readable) {
      case .ready: return pending.take() ?? .failed("the lookup ended without an answer")
      case .passed:
        pending.abandon()
        return .failed("no answer within \(limit.compact)")
      case .failed(let code):
        pending.abandon()
        return .failed(StepFailure.system(code).text)
      }
    } catch {
      return .failed(error.text)
    }
  }
}

/// An answer that one thread gives and another waits for, on a descriptor that can be polled.
private final class PendingAnswer: Sendable {
  /// Readable once there is an answer.
  let descriptor: Int32
  private let state = Guarded<(answer: NameAnswer?, isAbandoned: Bool)>((nil, false))

  init() throws(StepFailure) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    if descriptor < 0 { throw .system(errno) }
  }

  /// Both threads hold the object, so the descriptor is closed when the last lets go.
  deinit { close(descriptor) }

  var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

  func abandon() { state.withLock { $0.isAbandoned = true } }

  func deliver(_ answer: NameAnswer) {
    state.withLock { $0.answer = answer }
    eventfd_write(descriptor, 1)
  }

  func take() -> NameAnswer? { state.withLock { $0.answer } }
}

/// Asks the system, which asks `/etc/hosts`, DNS and whatever else it is set up with. Every
/// family is asked for, whether this host has an address in it or not: an edge that only other
/// hosts can reach is still to be named.
@Sendable
package func systemLookup(_ host: String, port: UInt16) -> NameAnswer {
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, String(port), &hints, &list)
  let systemCode = errno
  guard code == 0 else {
    if code == EAI_SYSTEM { return .failed(StepFailure.system(systemCode).text) }
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

/// More than a DNS answer of 64 KiB can hold of either family.
private let maximumAnswers = 8192
