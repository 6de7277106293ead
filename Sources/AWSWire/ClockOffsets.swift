import POSIX
import RolloutCore
import Transport

/// The difference between AWS's clock and ours for each endpoint, learned from refusals.
///
/// Signatures need it for each endpoint and after the first refusal at once; `AWSTime` is about the time
/// by which the loop decides. A difference is kept until the next refusal. When our clock is corrected, one more request is
/// refused.
struct ClockOffsets: Sendable {
  /// Signatures are valid for about five minutes. A refusal with a smaller difference has another
  /// cause.
  private static let tolerance = Duration.minutes(4)

  private let offsets = Guarded<[String: Duration]>([:])

  func offset(for url: String) -> Duration { offsets.withLock { $0[url] ?? .zero } }

  /// Learns the difference from the date of a refusal. Returns true when it is large, so that the
  /// request can be signed again.
  func learn(from response: HTTPResponse, of url: String, signedAt: Instant, now: Instant) -> Bool {
    guard let date = response.header("date").flatMap(AnswerTime.httpDate) else { return false }
    let error = date.since(signedAt)
    guard error > ClockOffsets.tolerance || error < .zero - ClockOffsets.tolerance else {
      return false
    }
    offsets.withLock { $0[url] = date.since(now) }
    return true
  }
}
