import POSIX

/// HTTP by libcurl: HTTP/2 or 1.1 as the server offers, TLS always verified, proxies as
/// libcurl's own variables (`https_proxy`, `no_proxy`, …) say.
///
/// All transfers run on one thread with its own pool of connections. An instance stays usable
/// until `shutDown`; one that is dropped without it ends its thread by itself.
package final class CurlTransport: HTTPTransport {
  private let loop = Guarded(CurlLoop.started())

  package init() {
    ignoreBrokenPipes()
  }

  deinit {
    loop.withLock { $0.stop(resuming: nil) }
  }

  /// Sends one request. A cancelled task gets `.notSent` or `.answerLost`, by what had happened
  /// until then.
  package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    if Task.isCancelled { throw .notSent("cancelled") }
    let loop = usableLoop()
    let id = loop.nextID()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.submit(CurlLoop.Submission(id: id, request: request, continuation: continuation))
        // The handler may have run before the submission, and found nothing to cancel.
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
    return try result.get()
  }

  /// Ends every transfer under way and returns when the thread has ended. What is sent
  /// afterwards fails with `.notSent`.
  package func shutDown() async {
    await withCheckedContinuation { continuation in
      loop.withLock { $0.stop(resuming: continuation) }
    }
  }

  /// The loop, or a new one in place of one that broke.
  private func usableLoop() -> CurlLoop {
    loop.withLock { loop in
      if loop.isBroken { loop = CurlLoop.started() }
      return loop
    }
  }
}
