import Glibc
package import POSIX

/// A DNS server on a loopback address of its own, on port 53, because resolv.conf has no ports. It
/// answers every question for an IPv4 address with 127.0.0.1, or nothing at all.
package final class NameServer: Sendable {
  /// Whether this process may listen on port 53 and the tests may mount a resolv.conf.
  package static let isPossible: Bool = {
    do {
      _ = try NameServer(isSilent: true)
      return getuid() == 0
    } catch {
      return false
    }
  }()

  package let address: String
  private let descriptor: Int32
  private let state = Guarded((questions: 0, isStopping: false, hasEnded: false))

  package init(isSilent: Bool) throws(SystemError) {
    let number = UInt32.random(in: 0x7F35_0001...0x7F35_FFFE)
    address = "127.53.\(number >> 8 & 255).\(number & 255)"
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .last }
    var local = sockaddr_in()
    local.sin_family = sa_family_t(AF_INET)
    local.sin_port = in_port_t(53).bigEndian
    local.sin_addr.s_addr = number.bigEndian
    let bound = withUnsafeBytes(of: &local) {
      bind(
        descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
    guard bound == 0 else {
      let problem = SystemError.last
      close(descriptor)
      throw problem
    }
    // So that the thread sees that it is to end.
    var pause = timeval(tv_sec: 0, tv_usec: 50_000)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &pause, socklen_t(MemoryLayout<timeval>.size))
    try startThread { [descriptor, state] in
      while !state.withLock({ $0.isStopping }) {
        if let question = NameServer.receive(descriptor) {
          state.withLock { $0.questions += 1 }
          if !isSilent { NameServer.answer(question, descriptor) }
        }
      }
      state.withLock { $0.hasEnded = true }
    }
  }

  deinit {
    state.withLock { $0.isStopping = true }
    state.wait { $0.hasEnded }
    close(descriptor)
  }

  /// How many questions arrived.
  package var questions: Int { state.withLock { $0.questions } }

  private struct Question {
    let bytes: [UInt8]
    let sender: sockaddr_in
  }

  private static func receive(_ descriptor: Int32) -> Question? {
    var bytes = [UInt8](repeating: 0, count: 1500)
    var sender = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutableBytes(of: &sender) {
      recvfrom(
        descriptor, &bytes, bytes.count, 0, $0.assumingMemoryBound(to: sockaddr.self).baseAddress,
        &length)
    }
    return count > 12 ? Question(bytes: Array(bytes[..<count]), sender: sender) : nil
  }

  private static func answer(_ question: Question, _ descriptor: Int32) {
    guard let end = question.bytes.dropFirst(12).firstIndex(of: 0),
      question.bytes.count >= end + 5
    else { return }
    let isIPv4 = question.bytes[end + 2] == 1
    // The same identifier and question; one address, or none.
    var message = Array(question.bytes[..<2])
    message += [0x81, 0x80, 0, 1, 0, isIPv4 ? 1 : 0, 0, 0, 0, 0]
    message += question.bytes[12..<(end + 5)]
    if isIPv4 { message += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1] }
    var sender = question.sender
    _ = withUnsafeBytes(of: &sender) {
      sendto(
        descriptor, message, message.count, 0,
        $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
  }
}
