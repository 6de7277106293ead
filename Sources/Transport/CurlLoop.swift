import CCurl
import Glibc
import POSIX

/// The thread on which every transfer of one `CurlTransport` runs.
///
/// Other threads use a locked inbox and `curl_multi_wakeup`. Only this thread uses the multi handle, the
/// easy handles and `running`.
final class CurlLoop: @unchecked Sendable {
  typealias Outcome = Result<HTTPResponse, TransportError>

  struct Submission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let continuation: CheckedContinuation<Outcome, Never>
  }

  private struct Inbox {
    var lastID: UInt64 = 0
    var submitted: [Submission] = []
    var cancelled: [UInt64] = []
    var isStopping = false
    var isBroken = false
    /// Resumed when the thread has released everything.
    var waiting: [CheckedContinuation<Void, Never>] = []
    var hasEnded = false
  }

  /// Connections that are kept open: enough for three services in a dozen regions.
  private static let maximumIdleConnections = 64
  /// Far above what a fleet of hundreds of accounts needs when all of them hang: a further request
  /// would wait for one of those, within its own time limit.
  private static let maximumConnections = 16_384
  /// How long the thread sleeps when libcurl has no timer of its own, in milliseconds.
  private static let maximumPoll: Int32 = 60_000

  private static let libraryIsReady: Bool = {
    /// `CURL_GLOBAL_ALL`, a macro that Swift does not import.
    let everything = 3
    return curl_global_init(everything) == CURLE_OK
  }()

  private let multi: OpaquePointer?
  private let inbox = Guarded(Inbox())
  private var running: [UInt64: CurlTransfer] = [:]

  private init() {
    multi = CurlLoop.libraryIsReady ? curl_multi_init().map { OpaquePointer($0) } : nil
  }

  /// Starts a loop with its thread. If that fails, the loop is broken.
  static func started() -> CurlLoop {
    let loop = CurlLoop()
    var thread = pthread_t()
    let context = Unmanaged.passRetained(loop)
    guard loop.multi != nil,
      pthread_create(&thread, nil, { CurlLoop.threadMain($0) }, context.toOpaque()) == 0
    else {
      context.release()
      loop.end(broken: true)
      return loop
    }
    pthread_detach(thread)
    return loop
  }

  // MARK: Called from any thread

  var isBroken: Bool { inbox.withLock { $0.isBroken && !$0.isStopping } }

  func nextID() -> UInt64 {
    inbox.withLock { inbox in
      inbox.lastID += 1
      return inbox.lastID
    }
  }

  func submit(_ submission: Submission) {
    let isAccepted = inbox.withLock { inbox in
      if inbox.isStopping || inbox.hasEnded { return false }
      inbox.submitted.append(submission)
      wake()
      return true
    }
    if !isAccepted { submission.continuation.resume(returning: .failure(CurlLoop.isShutDown)) }
  }

  func cancel(_ id: UInt64) {
    inbox.withLock { inbox in
      if inbox.hasEnded { return }
      inbox.cancelled.append(id)
      wake()
    }
  }

  func stop(resuming continuation: CheckedContinuation<Void, Never>?) {
    let hasEnded = inbox.withLock { inbox in
      inbox.isStopping = true
      if inbox.hasEnded { return true }
      if let continuation { inbox.waiting.append(continuation) }
      wake()
      return false
    }
    if hasEnded { continuation?.resume() }
  }

  /// Called with the inbox locked, so that the multi handle still exists.
  private func wake() {
    if let multi { curl_multi_wakeup(UnsafeMutableRawPointer(multi)) }
  }

  private static let isShutDown = TransportError.notSent("the transport is shut down")

  // MARK: The thread

  private static func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    // Other threads handle signals.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
  }

  private func run() {
    guard let multi = multi.map({ UnsafeMutableRawPointer($0) }) else { return end(broken: true) }
    certd_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, CurlLoop.maximumIdleConnections)
    certd_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CurlLoop.maximumConnections)
    var isBroken = false
    while !isBroken {
      let (submitted, cancelled, isStopping) = emptyInbox()
      for submission in submitted { begin(submission, in: multi) }
      for id in cancelled {
        if let transfer = running[id] {
          finish(id, with: transfer.interrupted("cancelled"), in: multi)
        }
      }
      if isStopping { break }
      var active: Int32 = 0
      isBroken = curl_multi_perform(multi, &active) != CURLM_OK
      collect(from: multi)
      if !isBroken {
        isBroken = curl_multi_poll(multi, nil, 0, CurlLoop.maximumPoll, nil) != CURLM_OK
      }
    }
    for (id, transfer) in running {
      finish(id, with: transfer.interrupted("the transport is shut down"), in: multi)
    }
    end(broken: isBroken)
  }

  private func emptyInbox() -> (submitted: [Submission], cancelled: [UInt64], isStopping: Bool) {
    inbox.withLock { inbox in
      defer {
        inbox.submitted = []
        inbox.cancelled = []
      }
      return (inbox.submitted, inbox.cancelled, inbox.isStopping)
    }
  }

  private func begin(_ submission: Submission, in multi: UnsafeMutableRawPointer) {
    do throws(TransportError) {
      let transfer = try CurlTransfer(submission.request, submission.continuation)
      guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
        throw TransportError.notSent("libcurl accepts no more transfers")
      }
      transfer.tag(with: submission.id)
      running[submission.id] = transfer
    } catch {
      submission.continuation.resume(returning: .failure(error))
    }
  }

  private func collect(from multi: UnsafeMutableRawPointer) {
    var remaining: Int32 = 0
    while let message = curl_multi_info_read(multi, &remaining) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
        let id = CurlTransfer.tag(of: easy), let transfer = running[id]
      else { continue }
      finish(id, with: transfer.outcome(certd_message_result(message)), in: multi)
    }
  }

  private func finish(_ id: UInt64, with outcome: Outcome, in multi: UnsafeMutableRawPointer) {
    guard let transfer = running.removeValue(forKey: id) else { return }
    curl_multi_remove_handle(multi, transfer.easy)
    transfer.continuation.resume(returning: outcome)
  }

  /// Releases the multi handle and resumes every task that still waits.
  private func end(broken: Bool) {
    let (unsent, waiting) = inbox.withLock { inbox in
      inbox.isBroken = broken
      inbox.hasEnded = true
      if let multi { curl_multi_cleanup(UnsafeMutableRawPointer(multi)) }
      defer {
        inbox.submitted = []
        inbox.waiting = []
      }
      return (inbox.submitted, inbox.waiting)
    }
    for submission in unsent {
      submission.continuation.resume(returning: .failure(CurlLoop.isShutDown))
    }
    for continuation in waiting { continuation.resume() }
  }
}
