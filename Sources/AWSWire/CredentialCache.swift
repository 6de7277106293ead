import POSIX
import Redaction
import RolloutCore

/// Finds the keys of every identity and keeps them until they are about to expire, AWS refuses them,
/// or a refresh is requested.
///
/// Keys that expire are replaced early, by one request at a time. While that does not work, the old
/// ones are used until their end. A failure is not kept where there are no keys: the source is asked
/// again for the next request.
package final class CredentialCache: Sendable {
  private let chain: CredentialChain
  private let state = Guarded(State())

  /// How long after a failure keys that are still valid are used without another attempt.
  static let pauseAfterFailure = Duration.seconds(30)

  package init(environment: [String: String]) {
    chain = CredentialChain(environment: environment)
  }

  // MARK: State

  private struct State {
    var entries: [CredentialRecipe: Entry] = [:]
    /// Raised by a request to read everything again: what was begun before is not kept.
    var generation = 0
    var lastWaiter: UInt64 = 0

    /// Forgets keys that ended, such as those of roles that no identity assumes any more.
    mutating func removeEnded(at now: Instant) {
      entries = entries.filter { $0.value.isRefreshing || $0.value.isUsable(at: now) }
    }
  }

  private struct Entry {
    var held: Held?
    var isRefreshing = false
    /// The uptime before which valid keys are not replaced, after an attempt that brought no fresh ones.
    var pauseEnd: Duration?
    var waiting: [UInt64: CheckedContinuation<Outcome?, Never>] = [:]

    func isUsable(at now: Instant) -> Bool { held.map { $0.phase(at: now) != .ended } ?? false }
  }

  private struct Held {
    let keys: Credentials
    /// nil for keys without a known end.
    let lifetime: KeyLifetime?

    func phase(at now: Instant) -> KeyLifetime.Phase { lifetime?.phase(at: now) ?? .fresh }
  }

  private typealias Outcome = Result<Credentials, Failure>

  // MARK: For requests

  func credentials(
    for identity: Identity, over client: JSONClient
  ) async throws(Failure) -> Credentials {
    let recipe: CredentialRecipe
    do throws(CredentialProblem) {
      recipe = try chain.recipe(for: identity, at: client.clock.uptime)
    } catch {
      throw Failure(
        .credentials, operation: "credentials", object: identity.description,
        message: error.description)
    }
    return try await keys(by: recipe, over: client)
  }

  /// Where the keys of an identity come from.
  func recipe(
    for identity: Identity, at uptime: Duration
  ) throws(CredentialProblem) -> CredentialRecipe {
    try chain.recipe(for: identity, at: uptime)
  }

  /// See `CredentialChain.region`.
  func region(
    of identity: Identity, at uptime: Duration
  ) throws(CredentialProblem) -> Region? {
    try chain.region(of: identity, at: uptime)
  }

  /// The keys that a recipe gives: those that are kept, or new ones.
  func keys(
    by recipe: CredentialRecipe, over client: JSONClient
  ) async throws(Failure) -> Credentials {
    if case .fixed(let keys) = recipe { return keys }
    while true {
      switch step(for: recipe, client.clock) {
      case .use(let keys): return keys
      case .refresh(let generation):
        return try await refresh(recipe, over: client, generation: generation)
      case .wait:
        if let outcome = await outcome(of: recipe) { return try outcome.get() }
        // The refresh was cancelled with its request. Another request begins one.
        if Task.isCancelled { throw CredentialCache.cancelled(recipe) }
      }
    }
  }

  private enum Step {
    case use(Credentials)
    case refresh(generation: Int)
    case wait
  }

  private func step(for recipe: CredentialRecipe, _ clock: any WireClock) -> Step {
    let now = clock.awsNow ?? clock.now
    let uptime = clock.uptime
    return state.withLock { state in
      if let entry = state.entries[recipe] {
        let isPaused = entry.pauseEnd.map { uptime < $0 } ?? false
        if let held = entry.held {
          switch held.phase(at: now) {
          case .fresh: return .use(held.keys)
          case .early where isPaused || entry.isRefreshing: return .use(held.keys)
          case .late where isPaused: return .use(held.keys)
          case .early, .late, .ended: break
          }
        }
        if entry.isRefreshing { return .wait }
      } else {
        state.removeEnded(at: now)
      }
      state.entries[recipe, default: Entry()].isRefreshing = true
      return .refresh(generation: state.generation)
    }
  }

  /// The outcome of the refresh that runs; nil when it was cancelled, or has ended already.
  private func outcome(of recipe: CredentialRecipe) async -> Outcome? {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          guard state.entries[recipe]?.isRefreshing == true, !Task.isCancelled else { return false }
          state.entries[recipe]?.waiting[id] = continuation
          return true
        }
        if !waits { continuation.resume(returning: nil) }
      }
    } onCancel: {
      state.withLock { $0.entries[recipe]?.waiting.removeValue(forKey: id) }?
        .resume(returning: nil)
    }
  }

  private func refresh(
    _ recipe: CredentialRecipe, over client: JSONClient, generation: Int
  ) async throws(Failure) -> Credentials {
    let fetched: Outcome
    do throws(Failure) {
      let keys = try await CredentialFetch(client: client, environment: chain.environment)
        .keys(by: recipe)
      for secret in keys.secrets { Redaction.learn(secret: secret.revealed, isTemporary: true) }
      if let end = keys.expiration, let now = client.clock.awsNow, end <= now {
        throw Failure(
          .credentials, operation: "credentials", object: recipe.origin,
          message: "the keys expired at \(end.rfc3339), and it is \(now.rfc3339): renew them")
      }
      fetched = .success(keys)
    } catch {
      var failure = error
      // A URL in them may hold a token. They are stored as they are.
      failure.object = Redaction.output(failure.object)
      failure.message = Redaction.output(failure.message)
      fetched = .failure(failure)
    }
    return try finish(recipe, with: fetched, generation, client.clock).get()
  }

  /// Keeps what was fetched and passes it on. Returns what the request gets: after a failure the old
  /// keys, as long as they are valid.
  private func finish(
    _ recipe: CredentialRecipe, with fetched: Outcome, _ generation: Int, _ clock: any WireClock
  ) -> Outcome {
    let now = clock.awsNow ?? clock.now
    let pauseEnd = clock.uptime + CredentialCache.pauseAfterFailure
    let fraction = clock.fraction()
    let isCancelled = Task.isCancelled
    let (outcome, waiting) = state.withLock { state in
      var entry = state.entries[recipe] ?? Entry()
      var outcome = fetched
      switch fetched {
      case .success(let keys):
        if generation == state.generation {
          let lifetime = keys.expiration.map {
            KeyLifetime(from: now, to: $0, fraction: fraction)
          }
          entry.held = Held(keys: keys, lifetime: lifetime)
          entry.pauseEnd = nil
        }
      case .failure:
        if let held = entry.held, entry.isUsable(at: now) {
          outcome = .success(held.keys)
          entry.pauseEnd = pauseEnd
        } else if isCancelled {
          outcome = .failure(CredentialCache.cancelled(recipe))
        }
      }
      let waiting = Array(entry.waiting.values)
      entry.waiting = [:]
      entry.isRefreshing = false
      state.entries[recipe] = entry.held == nil ? nil : entry
      return (outcome, waiting)
    }
    let passedOn: Outcome?
    switch outcome {
    case .success: passedOn = outcome
    case .failure: passedOn = isCancelled ? nil : outcome
    }
    for continuation in waiting { continuation.resume(returning: passedOn) }
    return outcome
  }

  private static func cancelled(_ recipe: CredentialRecipe) -> Failure {
    Failure(
      .unreachable, operation: "credentials", object: recipe.origin, message: "cancelled")
  }

  // MARK: What is dropped

  /// Drops keys that AWS refused, so that the next request asks their source again. Keys that were
  /// obtained since then are kept.
  func invalidate(_ identity: Identity, refused keys: Credentials, at uptime: Duration) {
    do throws(CredentialProblem) {
      invalidate(try chain.recipe(for: identity, at: uptime), refused: keys)
    } catch {
      // The source changed since, and has no keys now.
    }
  }

  func invalidate(_ recipe: CredentialRecipe, refused keys: Credentials) {
    // Someone may have corrected the file at this moment.
    chain.lookAgain()
    state.withLock { state in
      if state.entries[recipe]?.held?.keys == keys { state.entries[recipe]?.held = nil }
    }
  }

  /// Drops all keys, so that the next request of each identity asks its source again.
  package func refresh() {
    chain.lookAgain()
    state.withLock { state in
      state.generation += 1
      for recipe in Array(state.entries.keys) {
        state.entries[recipe]?.held = nil
        state.entries[recipe]?.pauseEnd = nil
      }
    }
  }
}
