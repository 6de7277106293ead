import GRDB
package import Reconciliation
package import RolloutCore

extension StateStore {
  /// Stores a request for the daemon, which carries it out within a pass, or after its next
  /// start. After this has returned, no commit that guards the domain succeeds before that.
  package func request(
    _ kind: OperatorRequest.Kind, domain: DomainName, at instant: Instant
  ) async throws(RequestFailure) -> OperatorRequest {
    let outcome: Outcome
    do throws(StateFailure) {
      outcome = try await queue().transact(.immediate, in: file) { database in
        try StateStore.insert(kind, domain: domain, at: instant, into: database)
      }
    } catch {
      throw .state(error)
    }
    switch outcome {
    case .stored(let request): return request
    case .unknownDomain(let known): throw .unknownDomain(domain, known: known)
    case .tooMany: throw .tooMany(limit: StateStore.maximumRequests)
    }
  }

  private enum Outcome: Sendable {
    case stored(OperatorRequest)
    case unknownDomain(known: [DomainName])
    case tooMany
  }

  private static func insert(
    _ kind: OperatorRequest.Kind, domain: DomainName, at instant: Instant,
    into database: Database
  ) throws -> Outcome {
    let reader = RecordReader(database: database)
    let known = try reader.mappedDomains()
    guard known.contains(domain) else { return .unknownDomain(known: known) }
    guard try reader.requestCount() < maximumRequests else { return .tooMany }
    let (word, until) = kind.stored
    try database.execute(
      sql: "INSERT INTO requests (domain, at, kind, hold_until) VALUES (?, ?, ?, ?)",
      arguments: [domain.text, instant.milliseconds, word.rawValue, until?.milliseconds])
    return .stored(
      OperatorRequest(
        id: database.lastInsertedRowID, domain: domain, at: instant, kind: kind))
  }
}

/// Why a request was not stored.
package enum RequestFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The configuration maps no such domain; it maps `known`, by name.
  case unknownDomain(DomainName, known: [DomainName])
  /// `limit` requests wait already: no daemon carries them out.
  case tooMany(limit: Int)
  case state(StateFailure)

  package var description: String {
    switch self {
    case .unknownDomain(let domain, let known) where known.isEmpty:
      "\(domain) is not among the daemon's domains: it has none yet"
    case .unknownDomain(let domain, let known):
      "\(domain) is not among the daemon's domains: "
        + known.map(\.text).joined(separator: ", ")
    case .tooMany(let limit):
      "\(limit) requests wait already and no daemon carries them out; start it"
    case .state(let failure): failure.description
    }
  }
}
