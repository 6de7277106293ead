import Glibc

/// A port on 127.0.0.1 that takes connections and never answers.
final class SilentServer: Sendable {
  let port: UInt16
  private let listener: Int32

  init() throws {
    (listener, port) = try listenOnLoopback()
  }

  deinit { close(listener) }

  var url: String { "http://127.0.0.1:\(port)" }
}
