import POSIX
import RolloutCore
import Transport

/// How far AWS's clocks are from ours, as its refusals taught, for each endpoint.
///
/// Kept until the next refusal: a clock that is set right in between costs one more.
struct ClockOffsets: Sendable {
  /// Signatures are good for about five minutes; an answer less far off was refused for
  /// something else.
  private static let tolerance = Duration.minutes(4)

  private let offsets = Guarded<[String: Duration]>([:])

  func offset(for url: String) -> Duration { offsets.withLock { $0[url] ?? .zero } }

  /// Takes the answer's time for the true one when it is far from the one that signed; true
  /// when that makes a new signature worth an attempt.
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
