import GRDB
package import Reconciliation
package import RolloutCore

extension StateStore {
  /// Stores a request for the daemon, which carries it out within a pass, or after its next
  /// start. After this has returned, no commit that guards the domain succeeds before that.
  package func request(
    _ kind: OperatorRequest.Kind, domain: DomainName, by user: OperatorName,
    at instant: Instant
  ) async throws(RequestFailure) -> OperatorRequest {
    try await store { database in
      let known = try RecordReader(database: database).mappedDomains()
      guard known.contains(domain) else { return .refused(.unknownDomain(domain, known: known)) }
      return try StateStore.insert(kind, domain: domain, by: user, at: instant, into: database)
    }
  }

  /// Stores the request that a stopped wave goes on. Refused for a wave that is not stopped.
  package func requestResume(
    ofWave wave: Int, by user: OperatorName, at instant: Instant
  ) async throws(RequestFailure) -> OperatorRequest {
    try await store { database in
      let reader = RecordReader(database: database)
      let known = try reader.mappedWaves()
      guard known.contains(wave) else { return .refused(.unknownWave(wave, known: known)) }
      let stopped = try reader.stoppedWaves().map(\.wave)
      guard stopped.contains(wave) else {
        return .refused(.waveNotStopped(wave, stopped: stopped))
      }
      return try StateStore.insert(
        .resumeWave(wave), domain: nil, by: user, at: instant, into: database)
    }
  }

  private enum Outcome: Sendable {
    case stored(OperatorRequest)
    case refused(RequestFailure)
  }

  private func store(
    _ body: @escaping @Sendable (Database) throws -> Outcome
  ) async throws(RequestFailure) -> OperatorRequest {
    let outcome: Outcome
    do throws(StateFailure) {
      outcome = try await queue().transact(.immediate, in: file, body)
    } catch {
      throw .state(error)
    }
    switch outcome {
    case .stored(let request): return request
    case .refused(let failure): throw failure
    }
  }

  private static func insert(
    _ kind: OperatorRequest.Kind, domain: DomainName?, by user: OperatorName,
    at instant: Instant, into database: Database
  ) throws -> Outcome {
    guard try RecordReader(database: database).requestCount() < maximumRequests else {
      return .refused(.tooMany(limit: maximumRequests))
    }
    let (word, wave, until) = kind.stored
    try database.execute(
      sql: """
        INSERT INTO requests (domain, wave, at, user, kind, hold_until) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        domain?.text, wave, instant.milliseconds, user.text, word.rawValue, until?.milliseconds,
      ])
    return .stored(
      OperatorRequest(
        id: database.lastInsertedRowID, domain: domain, by: user, at: instant, kind: kind))
  }
}

/// Why a request was not stored.
package enum RequestFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The configuration maps no such domain; it maps `known`, by name.
  case unknownDomain(DomainName, known: [DomainName])
  /// No mapped domain is in the wave; they are in `known`.
  case unknownWave(Int, known: [Int])
  /// The wave is not stopped; `stopped` are.
  case waveNotStopped(Int, stopped: [Int])
  /// `limit` requests wait already: no daemon carries them out.
  case tooMany(limit: Int)
  case state(StateFailure)

  package var description: String {
    switch self {
    case .unknownDomain(let domain, let known):
      "\(domain) is not among the \(known.count) domains of the daemon"
    case .unknownWave(let wave, let known) where known.isEmpty:
      "no domain is in wave \(wave): the daemon has no domains yet"
    case .unknownWave(let wave, let known):
      "no domain is in wave \(wave); there are domains in \(known.waves)"
    case .waveNotStopped(let wave, let stopped) where stopped.isEmpty:
      "wave \(wave) is not stopped, and neither is another"
    case .waveNotStopped(let wave, let stopped):
      "wave \(wave) is not stopped; stopped is \(stopped.waves)"
    case .tooMany(let limit):
      "\(limit) requests wait already and no daemon carries them out; start it"
    case .state(let failure): failure.description
    }
  }
}

extension [Int] {
  /// The numbers as a phrase: `wave 1, 2`.
  fileprivate var waves: String { "wave " + map(String.init).joined(separator: ", ") }
}
