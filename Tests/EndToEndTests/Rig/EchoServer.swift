import Foundation
import Glibc
import POSIX

/// An HTTP server on 127.0.0.1 that answers every request with an error that quotes its headers: what a
/// broken proxy or gateway may do. It answers until it is released.
final class EchoServer: Sendable {
  enum Manner: String, CaseIterable, Sendable {
    case message, code, xml, html, contentType, requestID, redirect, notJSON
  }

  let port: UInt16
  private let listener: Int32

  init(_ manner: Manner) throws {
    let (listener, port) = try listenOnLoopback()
    (self.listener, self.port) = (listener, port)
    Thread {
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        EchoServer.answer(connection, manner)
        close(connection)
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func answer(_ connection: Int32, _ manner: Manner) {
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    // The body may come later, and is not needed.
    while received.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
      let count = recv(connection, &chunk, chunk.count, 0)
      if count <= 0 { return }
      received += chunk[..<count]
    }
    let head = String(decoding: received, as: UTF8.self).split(separator: "\r\n\r\n").first ?? ""
    let values = head.split(separator: "\r\n").dropFirst().map { line in
      String(line.split(separator: ":", maxSplits: 1).last ?? "").drop { $0 == " " }
    }
    let secret = values.first { $0.hasPrefix("Basic ") }?.dropFirst("Basic ".count) ?? "-"
    let quoted = values.joined(separator: " | ").replacing("\"", with: "'")
    var (status, headers, body) = ("400 Bad Request", "Content-Type: application/json\r\n", "")
    switch manner {
    case .message: body = "{\"__type\":\"ValidationException\",\"message\":\"got \(quoted)\"}"
    case .code: body = "{\"__type\":\"\(secret)\",\"message\":\"no\"}"
    case .xml:
      body =
        "<ErrorResponse><Error><Code>\(secret)</Code><Message>\(quoted)</Message></Error>"
        + "</ErrorResponse>"
    case .html: body = "<html>\(head)</html>"
    case .contentType: headers = "Content-Type: \(secret)\r\n"
    case .requestID:
      headers += "x-amzn-requestid: \(secret)\r\n"
      body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"
    case .redirect:
      status = "302 Found"
      headers += "Location: http://x:\(secret)@127.0.0.1/?\(secret)\r\n"
    case .notJSON:
      status = "200 OK"
      body = "\(secret) \(quoted)"
    }
    let text =
      "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
      + body
    _ = Array(text.utf8).withUnsafeBytes {
      send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }
}
