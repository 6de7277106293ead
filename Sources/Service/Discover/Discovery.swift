package import AWSWire
import POSIX
import Reconciliation
package import RolloutCore

/// Finds every custom domain that identities see, without changing anything.
///
/// Each place, an identity in a region, is looked at on its own: one that fails or hangs stops no
/// other. What was found before a failure or the end of the time counts.
package struct Discovery: Sendable {
  package struct Place: Hashable, Sendable, CustomStringConvertible {
    package var identity: Identity
    package var region: Region

    package init(identity: Identity, region: Region) {
      self.identity = identity
      self.region = region
    }

    package var description: String { "\(identity), \(region)" }
  }

  package struct Result: Equatable, Sendable {
    /// In the order of the places, then by name; each domain once.
    package var domains: [DiscoveredDomain] = []
    /// What could not be seen, for people.
    package var problems: [String] = []
    /// What is worth knowing and no failure.
    package var notes: [String] = []
  }

  private let clients: Clients
  private let limit: Duration

  /// Places and user pools that are looked at concurrently. Requests above the quota wait.
  static let placesAtOnce = 32
  static let poolsAtOnce = 8

  /// - Parameter limit: the time of the whole search.
  package init(
    environment: [String: String], version: String, limit: Duration
  ) throws(MalformedEndpoint) {
    clients = try Clients(
      environment: environment, version: version, awsTime: AWSTime(), answered: { _ in })
    self.limit = limit
  }

  /// The region that an identity's variables or profile set.
  package func region(of identity: Identity) -> Look<Region?> {
    clients.client.region(of: identity)
  }

  /// - Parameter progress: called with a line whenever a place is done.
  package func run(
    _ places: [Place], progress: @escaping @Sendable (String) -> Void
  ) async -> Result {
    let looks = places.map { PlaceLook($0) }
    await withTimeLimit(limit) {
      await forEach(looks, atOnce: Discovery.placesAtOnce) { look in
        await search(look)
        if !Task.isCancelled { progress(look.summary) }
      }
    }
    var result = Result()
    var seenBy: [DomainName: Identity] = [:]
    for look in looks {
      for domain in look.domains {
        if let first = seenBy[domain.domain] {
          result.notes.append(
            "\(domain.domain) is also seen by \(domain.identity); its mapping uses \(first)")
        } else {
          seenBy[domain.domain] = domain.identity
          result.domains.append(domain)
        }
      }
      result.problems += look.problems(limit: limit) { url(of: $0, for: look.place) }
    }
    return result
  }

  package func shutDown() async { await clients.shutDown() }

  private func search(_ look: PlaceLook) async {
    let (identity, region) = (look.place.identity, look.place.region)
    let (pools, found) = AsyncStream<UserPoolID>.makeStream()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        let list = await clients.client.listUserPools(in: region, as: identity) { pool in
          look.noteFound()
          found.yield(pool)
        }
        look.note(list, isCutOff: Task.isCancelled)
        found.finish()
      }
      var running = 0
      for await pool in pools {
        if running >= Discovery.poolsAtOnce { await group.next() } else { running += 1 }
        group.addTask { await search(pool, look) }
      }
    }
  }

  private func search(_ pool: UserPoolID, _ look: PlaceLook) async {
    if Task.isCancelled { return }
    let (identity, region) = (look.place.identity, look.place.region)
    let domain: DomainName
    switch await clients.client.customDomain(of: pool, in: region, as: identity) {
    case .unseen(let failure): return look.note(failure, isCutOff: Task.isCancelled)
    case .seen(.absent): return look.noteEnd()
    case .seen(.custom(let name)): domain = name
    }
    var found = DiscoveredDomain(
      domain: domain, userPoolID: pool, region: region, identity: identity, status: nil,
      attached: .unknown)
    var failure: Failure?
    switch await clients.client.describeDomain(domain, in: region, as: identity) {
    case .unseen(let unseen): failure = unseen
    case .empty:
      failure = Failure(
        .notFound, operation: "DescribeUserPoolDomain", object: domain.text,
        message: "Cognito shows no such domain, although user pool \(pool) has it")
    case .withoutCertificate(let description): found.status = description.status
    case .described(let description):
      found.status = description.status
      guard let arn = description.certificateARN else { break }
      switch await clients.client.describeCertificate(arn, as: identity) {
      case .seen(let certificate?): found.attached = .described(certificate)
      case .seen(nil): found.attached = .missing(arn)
      case .unseen(let unseen):
        found.attached = .unseen(arn)
        failure = unseen
      }
    }
    look.note(found)
    if let failure {
      look.note(failure, isCutOff: Task.isCancelled)
    } else {
      look.noteEnd()
    }
  }

  /// The URL that a request went to; nil for one that is not sent to a service of the place.
  private func url(of operation: String, for place: Place) -> String? {
    let isACM = operation == "DescribeCertificate"
    if operation == "credentials" { return nil }
    return clients.client.endpoint(
      of: isACM ? .acm : .cognito, in: isACM ? .usEast1 : place.region, as: place.identity
    ).value
  }
}
