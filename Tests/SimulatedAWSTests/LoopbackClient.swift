import Foundation
import LosslessJSON

/// A simple blocking HTTP client for one connection, which shows every byte.
final class LoopbackClient {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  struct Failure: Error { var text: String }

  struct Answer {
    var status: Int
    var head: String
    var body: [UInt8]
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
  }

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var idleTimeout = timeval(tv_sec: 20, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &idleTimeout, size)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(text: "cannot connect to \(port)") }
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(clamping: MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(text: "cannot send") }
      sent += count
    }
  }

  func post(_ path: String, _ body: String, headers: String = "") throws {
    try send(
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.utf8.count)\r\n"
        + headers + "\r\n" + body)
  }

  /// Throws when the connection closes before the answer is complete.
  func answer() throws -> Answer {
    let mark = Array("\r\n\r\n".utf8)
    var end: Int?
    while true {
      end = (0..<max(0, buffer.count - 3)).first { buffer[$0..<$0 + 4].elementsEqual(mark) }
      if end != nil { break }
      guard try receive() else { throw Failure(text: "closed without an answer") }
    }
    let head = String(decoding: buffer[..<(end ?? 0)], as: UTF8.self)
    buffer.removeFirst((end ?? 0) + 4)
    let lines = head.split(separator: "\r\n")
    let status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
    let length =
      lines.first { $0.lowercased().hasPrefix("content-length: ") }
      .flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
    while buffer.count < length {
      guard try receive() else { throw Failure(text: "closed within the body") }
    }
    defer { buffer.removeFirst(length) }
    return Answer(status: status, head: head, body: Array(buffer.prefix(length)))
  }

  /// Whether the server has closed the connection. Reads what it still sent.
  func isClosed() throws -> Bool {
    for _ in 0..<1000 where try !receive() { return true }
    return false
  }

  private func receive() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count < 0, errno == EAGAIN { throw Failure(text: "silence") }
    guard count > 0 else { return false }
    buffer += chunk[..<count]
    return true
  }
}
