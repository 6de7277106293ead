import GRDB
package import Reconciliation
package import RolloutCore

extension StateStore {
  /// Leaves a request for the daemon, which takes it up within a pass, or at its next start.
  package func request(
    _ kind: OperatorRequest.Kind, domain: DomainName, at instant: Instant
  ) async throws(RequestFailure) -> OperatorRequest {
    let outcome: Requested
    do throws(StateFailure) {
      outcome = try await queue.transact(.immediate, in: file) { database in
        try StateStore.insert(kind, domain: domain, at: instant, into: database)
      }
    } catch {
      throw .state(error)
    }
    switch outcome {
    case .kept(let request): return request
    case .unknownDomain(let known): throw .unknownDomain(domain, known: known)
    case .tooMany: throw .tooMany(limit: StateStore.maximumRequests)
    }
  }

  private enum Requested: Sendable {
    case kept(OperatorRequest)
    case unknownDomain(known: [DomainName])
    case tooMany
  }

  private static func insert(
    _ kind: OperatorRequest.Kind, domain: DomainName, at instant: Instant,
    into database: Database
  ) throws -> Requested {
    let known = try RecordReader(database: database).mappedDomains()
    guard known.contains(domain) else { return .unknownDomain(known: known) }
    let waiting = try Int.fetchOne(database, sql: "SELECT count(*) FROM requests") ?? 0
    guard waiting < maximumRequests else { return .tooMany }
    let (word, until) = kind.stored
    try database.execute(
      sql: "INSERT INTO requests (domain, at, kind, hold_until) VALUES (?, ?, ?, ?)",
      arguments: [domain.text, instant.milliseconds, word.rawValue, until?.milliseconds])
    return .kept(
      OperatorRequest(
        id: database.lastInsertedRowID, domain: domain, at: instant, kind: kind))
  }
}

/// Why a request was not kept.
package enum RequestFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The daemon maps no such domain; it maps those, by name.
  case unknownDomain(DomainName, known: [DomainName])
  /// That many wait already: no daemon takes them up.
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
      "\(limit) requests wait already and no daemon takes them up; start it"
    case .state(let failure): failure.description
    }
  }
}
