import POSIX

/// HTTP with libcurl: HTTP/2 or 1.1, TLS with verification, and proxies from libcurl's variables
/// (`https_proxy`, `no_proxy`, …).
///
/// All transfers run on one thread with its own pool of connections. An instance is usable until
/// `shutDown`. One that is released without it ends its thread.
package final class CurlTransport: HTTPTransport {
  private let loop = Guarded(CurlLoop.started())

  package init() {
    ignoreBrokenPipes()
  }

  deinit {
    loop.withLock { $0.stop(resuming: nil) }
  }

  /// Sends one request. A cancelled task gets `.notSent` or `.answerLost`, depending on whether the
  /// request was sent.
  package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    if Task.isCancelled { throw .notSent("cancelled") }
    let loop = usableLoop()
    let id = loop.nextID()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.submit(CurlLoop.Submission(id: id, request: request, continuation: continuation))
        // The handler may have run before the submission and found nothing to cancel.
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
    return try result.get()
  }

  /// Ends every running transfer and returns when the thread has ended. Later requests fail with
  /// `.notSent`.
  package func shutDown() async {
    await withCheckedContinuation { continuation in
      loop.withLock { $0.stop(resuming: continuation) }
    }
  }

  /// The present loop, or a new one if it is broken.
  private func usableLoop() -> CurlLoop {
    loop.withLock { loop in
      if loop.isBroken { loop = CurlLoop.started() }
      return loop
    }
  }
}
