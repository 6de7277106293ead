import Glibc
import POSIX
import TestSupport

/// systemd's end of the notification protocol.
final class NotifySocket: Sendable {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let length = socklen_t(2 + path.utf8.count + 1)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard result == 0 else { throw SystemError.last }
  }

  deinit { close(descriptor) }

  /// The next message's assignments; nil when there is none.
  func next() -> [String]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    guard count >= 0 else { return nil }
    return String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n")
      .map(String.init)
  }

  /// Waits for a message with that assignment and returns what came before it and itself.
  @discardableResult
  func message(
    _ assignment: String, within limit: Duration = .seconds(20)
  ) async throws -> [[String]] {
    var messages: [[String]] = []
    return try await eventually(assignment, within: limit) {
      while let message = next() {
        messages.append(message)
        if message.contains(assignment) { return messages }
      }
      return nil
    }
  }
}
