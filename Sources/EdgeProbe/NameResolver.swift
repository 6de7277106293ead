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
/// There is one lookup of a name at a time, on a thread of its own; who asks meanwhile shares it. When
/// the limit of everyone who asked has passed, the lookup goes on. Its late answer is kept for a short
/// time and used when the next lookup of the name is late as well.
final class NameResolver: Sendable {
  private let reactor: Reactor
  private let pool: ThreadPool
  private let lookUp: NameLookup
  private let limit: Duration
  private let state = Guarded(State())

  private struct State {
    var running: [String: Lookup] = [:]
    var late: [String: LateAnswer] = [:]
  }

  private struct Lookup {
    var waiting: [PendingAnswer]
    /// Whether the limit of someone who asked has passed.
    var isLate = false
  }

  private struct LateAnswer {
    let resolution: NameResolution
    let end: Deadline
  }

  /// How long a late answer may be used: longer than the pause between two rounds.
  private static let keepingTime = Duration.minutes(5)

  init(lookUp: @escaping NameLookup, limits: ProbeLimits, _ reactor: Reactor) {
    self.lookUp = lookUp
    self.reactor = reactor
    limit = limits.resolve
    pool = ThreadPool(limit: limits.lookups)
  }

  func resolve(_ endpoint: ProbeTarget.Endpoint) async -> NameResolution {
    guard let port = UInt16(exactly: endpoint.port), port > 0 else {
      return .failed("the port \(endpoint.port) is not 1 to 65535")
    }
    let host = endpoint.host
    guard !host.isEmpty, !host.utf8.contains(0) else {
      return .failed("\(host.debugDescription) is not a host name")
    }
    if let address = EdgeAddress(host, port: port) { return .addresses([address]) }
    do throws(EdgeProbeError) {
      return try await answer(host, port).on(port: port)
    } catch {
      return .failed(error.text)
    }
  }

  private func answer(
    _ host: String, _ port: UInt16
  ) async throws(EdgeProbeError) -> NameResolution {
    let deadline = try Deadline(after: limit)
    let pending = try PendingAnswer()
    try join(host, port, pending)
    let wait = await reactor.wait(for: pending.descriptor, .readable, until: deadline)
    if let answer = pending.answer { return answer }
    let late = leave(host, pending)
    switch wait {
    case .ready: throw EdgeProbeError("the lookup ended without an answer")
    case .passed: return late ?? .failed("no answer within \(limit.compact)")
    case .cancelled: throw .cancelled
    case .failed(let code): throw .system(code)
    }
  }

  /// Joins the lookup that is running, or begins one.
  private func join(
    _ host: String, _ port: UInt16, _ pending: PendingAnswer
  ) throws(EdgeProbeError) {
    try state.withLock { (state) throws(EdgeProbeError) in
      if state.running[host] == nil {
        try pool.submit { [self] in finish(host, lookUp(host, port)) }
      }
      state.running[host, default: Lookup(waiting: [])].waiting.append(pending)
    }
  }

  /// Waits no longer. Returns the late answer of an earlier lookup, if there is one.
  private func leave(_ host: String, _ pending: PendingAnswer) -> NameResolution? {
    state.withLock { state in
      state.running[host]?.waiting.removeAll { $0 === pending }
      state.running[host]?.isLate = true
      guard let late = state.late[host], !late.end.hasPassed else { return nil }
      return late.resolution
    }
  }

  private func finish(_ host: String, _ answer: NameResolution) {
    let lookup = state.withLock { state in
      let lookup = state.running.removeValue(forKey: host)
      state.late = state.late.filter { !$0.value.end.hasPassed }
      if lookup?.isLate == true {
        if let late = NameResolver.late(answer) { state.late[host] = late }
      } else {
        state.late[host] = nil
      }
      return lookup
    }
    for pending in lookup?.waiting ?? [] { pending.deliver(answer) }
  }

  /// Nil for a failure: that is better asked for again.
  private static func late(_ answer: NameResolution) -> LateAnswer? {
    guard case .addresses = answer else { return nil }
    do throws(EdgeProbeError) {
      return LateAnswer(resolution: answer, end: try Deadline(after: keepingTime))
    } catch {
      return nil
    }
  }
}

extension NameResolution {
  /// Whether the sources answered that the name does not exist, or has no address.
  package var isAbsent: Bool {
    guard case .failed(let reason) = self else { return false }
    return [EAI_NONAME, EAI_NODATA].map(gaiText).contains(reason) || reason == noAddress
  }

  /// The same addresses with that port: those who share a lookup may ask for different ones.
  fileprivate func on(port: UInt16) -> NameResolution {
    switch self {
    case .addresses(let addresses): .addresses(addresses.map { $0.on(port: port) })
    case .failed: self
    }
  }
}

/// An answer that a thread delivers and a task waits for.
private final class PendingAnswer: Sendable {
  /// Readable when there is an answer.
  let descriptor: Int32
  private let state = Guarded<NameResolution?>(nil)

  init() throws(EdgeProbeError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    if descriptor < 0 { throw .system(errno) }
  }

  /// Both hold the object, so the descriptor is closed when the last one releases it.
  deinit { close(descriptor) }

  var answer: NameResolution? { state.withLock { $0 } }

  func deliver(_ answer: NameResolution) {
    state.withLock { $0 = answer }
    eventfd_write(descriptor, 1)
  }
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
    return .failed(gaiText(code))
  }
  defer { if let list { freeaddrinfo(list) } }
  var addresses: [EdgeAddress] = []
  var next = list
  while let entry = next, addresses.count < maximumAnswers {
    if let address = EdgeAddress(entry.pointee) { addresses.append(address) }
    next = entry.pointee.ai_next
  }
  return addresses.isEmpty ? .failed(noAddress) : .addresses(addresses)
}

private let noAddress = "it has no address"

/// glibc has it behind `_GNU_SOURCE`: the name exists, without an address.
private let EAI_NODATA: Int32 = -5

private func gaiText(_ code: Int32) -> String {
  guard let text = gai_strerror(code) else { return "error \(code)" }
  let words = String(cString: text)
  return words.prefix(1).lowercased() + words.dropFirst()
}

/// More addresses than a DNS answer of 64 KiB can contain.
private let maximumAnswers = 8192
