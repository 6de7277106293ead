import FlyingSocks
import Foundation
import Glibc
import POSIX

/// Serves HTTP on a listening socket until its task is cancelled, or nothing can be accepted any more.
///
/// A client that is slow or hangs holds up nobody: each connection has a task and a time limit of its
/// own, and when there are too many the oldest is closed for the newest.
struct MetricsServer: Sendable {
  let pool: SocketPool<ePoll>
  let limits: Limits
  let answer: @Sendable (MetricsPath) async -> HTTPAnswer

  struct Limits: Sendable {
    /// Each may hold a copy of the text.
    var connections = 16
    /// From the first byte of the request to the last of the answer. Prometheus waits for 10 seconds
    /// by default.
    var connection = Duration.seconds(15)
    /// After a connection could not be accepted, for example for want of a descriptor.
    var pauseAfterFailure = Duration.seconds(1)
    /// Failures in a row after which everything is opened again.
    var failures = 10
  }

  /// - Parameter descriptor: it is closed at the end.
  func run(on descriptor: Int32) async {
    let connections = OpenConnections(limit: limits.connections)
    let socket = Socket(file: .init(rawValue: descriptor))
    defer { close(descriptor) }
    var failures = 0
    while !Task.isCancelled && failures < limits.failures {
      do {
        let listener = try AsyncSocket(socket: socket, pool: pool)
        let connection = try await listener.accept()
        failures = 0
        await connections.add { await serve(connection) }
      } catch {
        if Task.isCancelled { break }
        failures += 1
        await CallClock().sleep(for: limits.pauseAfterFailure)
      }
    }
    await connections.cancelAll()
  }

  private func serve(_ socket: AsyncSocket) async {
    await withTimeLimit(limits.connection) { await exchange(socket) }
    close(socket.socket.file.rawValue)
  }

  private func exchange(_ socket: AsyncSocket) async {
    do {
      let (answer, withBody) = try await answerToRequest(on: socket)
      try await socket.write(Data(answer.bytes(withBody: withBody)))
      // To close with bytes unread would reset the connection before the client has read the answer.
      shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
      for _ in 0..<MetricsServer.maximumLeftovers { _ = try await socket.read(atMost: 4096) }
    } catch {
      // The client has gone, or its time is over: nobody is left to be told.
    }
  }

  /// Reads of what a client sent besides the head of its request.
  private static let maximumLeftovers = 64

  private func answerToRequest(
    on socket: AsyncSocket
  ) async throws -> (answer: HTTPAnswer, withBody: Bool) {
    var bytes: [UInt8] = []
    while true {
      switch HTTPRequestHead.read(bytes) {
      case .incomplete: bytes += try await socket.read(atMost: 4096)
      case .malformed: return (HTTPAnswer(.badRequest, "this is not HTTP/1.1"), true)
      case .tooLarge: return (HTTPAnswer(.headTooLarge, "the head is too large"), true)
      case .complete(let head):
        let withBody = head.method != "HEAD"
        switch MetricsPath.route(of: head) {
        case .refused(let answer): return (answer, withBody)
        case .path(let path): return (await answer(path), withBody)
        }
      }
    }
  }
}

/// The connections that are being served, oldest first.
private actor OpenConnections {
  private let limit: Int
  private var open: [(id: UInt64, task: Task<Void, Never>)] = []
  private var lastID: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  func add(_ serve: @escaping @Sendable () async -> Void) {
    if open.count >= limit { open.removeFirst().task.cancel() }
    lastID += 1
    let id = lastID
    let task = Task {
      await serve()
      remove(id)
    }
    open.append((id, task))
  }

  private func remove(_ id: UInt64) { open.removeAll { $0.id == id } }

  func cancelAll() {
    for connection in open { connection.task.cancel() }
    open = []
  }
}
