import Configuration
import FlyingSocks
import Glibc
import Narration
import POSIX

/// Keeps the metrics served on the configured address. An address that cannot be listened on is
/// logged and tried again.
actor MetricsListener {
  private let answer: @Sendable (MetricsPath) async -> HTTPAnswer
  private let log: @Sendable (ServiceFinding) -> Void
  private let limits: MetricsServer.Limits
  private let retryInterval: Duration
  private var address: ListenAddress?
  private var serving: Task<Void, Never>?
  /// Made when the first address is listened on, and kept: a pool does not give back all that it takes.
  private var pool: (pool: SocketPool<ePoll>, run: Task<Void, Never>)?

  init(
    limits: MetricsServer.Limits = MetricsServer.Limits(),
    retryInterval: Duration = .seconds(60),
    answer: @escaping @Sendable (MetricsPath) async -> HTTPAnswer,
    log: @escaping @Sendable (ServiceFinding) -> Void
  ) {
    self.limits = limits
    self.retryInterval = retryInterval
    self.answer = answer
    self.log = log
  }

  /// Listens on this address, and on no other any more; nil: on none.
  func adopt(_ address: ListenAddress?) async {
    if address == self.address { return }
    self.address = address
    serving?.cancel()
    // Its port may be wanted again.
    await serving?.value
    // Another address may have come meanwhile.
    guard address == self.address else { return }
    serving = address.map { address in Task { await serve(on: address) } }
  }

  func stop() async {
    await adopt(nil)
    pool?.run.cancel()
    pool = nil
  }

  private func serve(on address: ListenAddress) async {
    var failure: SystemError?
    while !Task.isCancelled {
      do throws(SystemError) {
        let pool = try await runningPool()
        let descriptor = try ListeningSocket.open(address)
        failure = nil
        var actual = address
        actual.port = ListeningSocket.port(of: descriptor) ?? address.port
        log(.metricsListening(actual.description))
        await MetricsServer(pool: pool, limits: limits, answer: answer).run(on: descriptor)
      } catch {
        if error != failure { log(.metricsFailed(MetricsListener.words(address, error))) }
        failure = error
        await CallClock().sleep(for: retryInterval)
      }
    }
  }

  private func runningPool() async throws(SystemError) -> SocketPool<ePoll> {
    if let pool { return pool.pool }
    let made = SocketPool<ePoll>.ePoll()
    do {
      try await made.prepare()
    } catch {
      guard case .failed(_, let code, _)? = error as? SocketError else {
        throw SystemError(code: EINVAL)
      }
      throw SystemError(code: code)
    }
    let run = Task {
      do {
        try await made.run()
      } catch {
        // A server that ends without being cancelled is started again.
      }
      pool = nil
    }
    pool = (made, run)
    return made
  }

  private static func words(_ address: ListenAddress, _ error: SystemError) -> String {
    "metrics.listen \(address): \(error) (errno \(error.code)); \(error.listeningAdvice). It is tried again every minute, and certificates are looked after meanwhile"
  }
}

extension SystemError {
  /// What to do when an address cannot be listened on.
  fileprivate var listeningAdvice: String {
    switch code {
    case EADDRINUSE:
      "end the process that has the port ('ss -ltnp' shows it), or choose another port"
    case EADDRNOTAVAIL: "write an address of this host, or only the port for all of them"
    case EACCES: "choose a port of 1024 or more"
    case EAFNOSUPPORT: "this host has no IPv6; write an IPv4 address"
    default: "correct metrics.listen"
    }
  }
}
