import AWSWire
import POSIX
import RolloutCore
import Terminal

/// What was seen at one place so far. It is complete unless the time ended before.
final class PlaceLook: Sendable {
  let place: Discovery.Place
  private let state = Guarded(State())

  private struct State {
    /// nil until the list has ended.
    var list: UserPoolList?
    /// Pools that were listed so far.
    var found = 0
    /// Pools about which everything was asked, with or without success.
    var done = 0
    var domains: [DiscoveredDomain] = []
    var failures: [Failure] = []
    /// The requests that had no answer when the time ended.
    var unanswered: [Failure] = []
    var isListCutOff = false
  }

  init(_ place: Discovery.Place) { self.place = place }

  func note(_ list: UserPoolList, isCutOff: Bool) {
    state.withLock { state in
      state.list = list
      guard let failure = list.failure else { return }
      if isCutOff {
        state.unanswered.append(failure)
        state.isListCutOff = true
      } else {
        state.failures.append(failure)
      }
    }
  }

  func noteFound() { state.withLock { $0.found += 1 } }

  func note(_ domain: DiscoveredDomain) { state.withLock { $0.domains.append(domain) } }

  func noteEnd() { state.withLock { $0.done += 1 } }

  func note(_ failure: Failure, isCutOff: Bool) {
    state.withLock { state in
      if isCutOff {
        state.unanswered.append(failure)
      } else {
        state.failures.append(failure)
        state.done += 1
      }
    }
  }

  var domains: [DiscoveredDomain] {
    state.withLock { $0.domains.sorted { $0.domain < $1.domain } }
  }

  /// `profile prod, eu-west-1: 62 user pools, 3 custom domains`
  var summary: String {
    state.withLock { state in
      let pools = counted(state.found, "user pool")
      let isWhole = state.list?.failure == nil
      return "\(place): \(pools)\(isWhole ? "" : " before a failure"), "
        + counted(state.domains.count, "custom domain")
    }
  }

  /// What could not be seen. Failures of one kind make one line.
  func problems(limit: Duration, url: (_ operation: String) -> String?) -> [String] {
    state.withLock { state in
      var lines = PlaceLook.grouped(state.failures).map { "\(place): \($0)" }
      if let count = state.list?.malformed, count > 0 {
        lines.append(
          "\(place): ListUserPools: \(counted(count, "entry", plural: "entries")) without a "
            + "valid id: not looked at")
      }
      if let cut = PlaceLook.cut(state, limit: limit, url: url) { lines.append("\(place): \(cut)") }
      return lines
    }
  }

  /// The first failure of each kind, and how many others are like it.
  private static func grouped(_ failures: [Failure]) -> [String] {
    struct Kind: Hashable {
      let operation: String
      let kind: Failure.Kind
      let code: String?
    }
    var order: [Kind] = []
    var groups: [Kind: [Failure]] = [:]
    for failure in failures {
      let kind = Kind(operation: failure.operation, kind: failure.kind, code: failure.code)
      if groups[kind] == nil { order.append(kind) }
      groups[kind, default: []].append(failure)
    }
    return order.compactMap { kind in
      guard let group = groups[kind], let first = group.first else { return nil }
      return group.count == 1
        ? first.description : "\(first.description) (and \(group.count - 1) more like it)"
    }
  }

  private static func cut(
    _ state: State, limit: Duration, url: (_ operation: String) -> String?
  ) -> String? {
    let start = "cut off after \(limit.compact): "
    let advice = "; --timeout allows more time"
    guard state.list != nil else { return "\(start)nothing was requested\(advice)" }
    var missing: [String] = []
    if state.isListCutOff { missing.append("the list of user pools is not complete") }
    let left = state.found - state.done
    if left > 0 { missing.append("\(left) of \(counted(state.found, "user pool")) not looked at") }
    if missing.isEmpty { return nil }
    let unanswered = state.unanswered.first.map { failure in
      let target = url(failure.operation).map { " from \($0)" } ?? ""
      return ": \(failure.operation) \(failure.object) had no answer\(target)"
    }
    return start + missing.joined(separator: ", ") + (unanswered ?? "") + advice
  }
}
