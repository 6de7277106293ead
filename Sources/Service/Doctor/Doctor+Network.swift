import AWSWire
import EdgeProbe
import POSIX
import Reconciliation
import RolloutCore
import Terminal

/// Endpoints, clocks, names and edges.
extension Doctor {
  // MARK: Endpoints and the clock

  private struct Endpoint: Hashable {
    let service: AWSService
    let region: Region
    let url: String
    let identity: Identity

    var object: String { "\(service.hostPrefix) \(region)" }
  }

  /// More would not be read.
  private static let maximumEndpoints = 100
  private static let endpointsAtOnce = 16

  func examineEndpoints(for mappings: [Mapping]) async {
    var seen: Set<String> = []
    var endpoints: [Endpoint] = []
    for (service, region, identity) in services(of: mappings) {
      switch clients.client.endpoint(of: service, in: region, as: identity) {
      case .seen(let url):
        guard seen.insert("\(service) \(region) \(url)").inserted else { continue }
        endpoints.append(Endpoint(service: service, region: region, url: url, identity: identity))
      case .unseen(let failure):
        guard seen.insert("\(service) \(region) \(failure)").inserted else { continue }
        board.note([
          DoctorCheck(
            .endpoint, "\(service.hostPrefix) \(region)", .failed, failure.message,
            fix: "correct the setting")
        ])
      }
    }
    let differences = Guarded<[Duration]>([])
    await forEach(
      Array(endpoints.prefix(Doctor.maximumEndpoints)), atOnce: Doctor.endpointsAtOnce
    ) { endpoint in
      await board.run(.endpoint, endpoint.object) {
        let (check, difference) = await reach(endpoint)
        if let difference { differences.withLock { $0.append(difference) } }
        return [check]
      }
    }
    if !Task.isCancelled { board.note([clockCheck(differences.withLock { $0 })]) }
  }

  /// What the service sends requests to.
  private func services(of mappings: [Mapping]) -> [(AWSService, Region, Identity)] {
    if mappings.isEmpty { return [(.acm, .usEast1, Identity()), (.sts, .usEast1, Identity())] }
    return mappings.flatMap { mapping in
      let identity = mapping.identity
      let sts = (identity.roleARN == nil ? nil : clients.client.region(of: identity).value) ?? nil
      return [
        (AWSService.acm, Region.usEast1, identity), (.cognito, mapping.region, identity),
        (.sts, sts ?? .usEast1, identity),
      ] + (mapping.selector.tags.isEmpty ? [] : [(.tagging, .usEast1, identity)])
    }
  }

  /// With how far this host's clock is ahead of the answer's date.
  private func reach(_ endpoint: Endpoint) async -> (DoctorCheck, Duration?) {
    switch await clients.client.reach(
      endpoint.service, in: endpoint.region, as: endpoint.identity, timeout: Doctor.reachLimit)
    {
    case .seen(let answer):
      let difference = answer.date.map { SystemClock.now.since($0) }
      let words = "\(answer.url) answers (HTTP \(answer.status))"
      let check =
        answer.status < 500
        ? DoctorCheck(.endpoint, endpoint.object, .ok, words)
        : DoctorCheck(
          .endpoint, endpoint.object, .warning, words,
          fix: "nothing if it passes; otherwise see the proxy and the health dashboard of AWS")
      return (check, difference)
    case .unseen(let failure):
      return (
        DoctorCheck(
          .endpoint, endpoint.object, .failed, "\(endpoint.url): \(failure.message)",
          fix: Doctor.fix(forUnreachable: failure.message)), nil
      )
    }
  }

  private static func fix(forUnreachable words: String) -> String {
    let words = words.lowercased()
    if words.contains("certificate") || words.contains("ssl") {
      return "name the roots of a proxy with AWS_CA_BUNDLE or ca_bundle of the profile"
    }
    if words.contains("resolve") { return "see the name servers of this host and its proxy" }
    return "allow outgoing connections to it, or set https_proxy"
  }

  /// A smaller difference is no concern.
  private static let smallDifference = Duration.seconds(60)

  private func clockCheck(_ differences: [Duration]) -> DoctorCheck {
    // Answers that came from a cache are late, so that the middle one counts.
    let sorted = differences.sorted()
    guard !sorted.isEmpty else {
      return DoctorCheck(.clock, "this host", .untested, "no endpoint told AWS's time")
    }
    let difference = sorted[sorted.count / 2]
    let size = difference < .zero ? .zero - difference : difference
    let limit = AWSTime.tolerance
    let fix = "set the clock: enable systemd-timesyncd or chrony"
    if size < .seconds(2) {
      return DoctorCheck(.clock, "this host", .ok, "it agrees with AWS's")
    }
    let words =
      "it is \(RelativeTime.words(size)) \(difference < .zero ? "behind" : "ahead of") AWS's"
    if size > limit {
      return DoctorCheck(
        .clock, "this host", .failed,
        "\(words); AWS refuses signatures that are off by more than \(limit.compact)", fix: fix)
    }
    return size > Doctor.smallDifference
      ? DoctorCheck(.clock, "this host", .warning, words, fix: fix)
      : DoctorCheck(.clock, "this host", .ok, words)
  }

  // MARK: Names

  /// Where the mapping names its edges, this host's name servers may show something else than those of
  /// users.
  func examineNames(of mapping: Mapping) async {
    let domain = mapping.domain.text
    let bad: DoctorCheck.Result = mapping.probe.isOfDomainItself ? .failed : .warning
    await board.run(.dns, domain) {
      let resolution = await clients.probe.addresses(of: domain)
      switch resolution {
      case .addresses(let found):
        return [DoctorCheck(.dns, domain, .ok, Doctor.words(for: found.sorted()))]
      case .failed(let reason) where resolution.isAbsent:
        return [
          DoctorCheck(
            .dns, domain, bad, reason,
            fix: "create a record for \(domain) that leads to its CloudFront distribution")
        ]
      case .failed(let reason):
        return [
          DoctorCheck(.dns, domain, .untested, reason, fix: "see the name servers of this host")
        ]
      }
    }
    let parent = domain.split(separator: ".").dropFirst().joined(separator: ".")
    guard parent.contains(".") else { return }
    await board.run(.parentDNS, parent) {
      let fix = "create an A record for \(parent): Cognito refuses a custom domain without it"
      let resolution = await clients.probe.addresses(of: parent)
      switch resolution {
      case .addresses(let found) where found.contains(where: \.isIPv4):
        return [DoctorCheck(.parentDNS, parent, .ok, Doctor.words(for: found.sorted()))]
      case .addresses:
        return [
          DoctorCheck(.parentDNS, parent, bad, "it has no A record, only AAAA", fix: fix)
        ]
      case .failed(let reason) where resolution.isAbsent:
        return [DoctorCheck(.parentDNS, parent, bad, reason, fix: fix)]
      case .failed(let reason):
        return [
          DoctorCheck(
            .parentDNS, parent, .untested, reason, fix: "see the name servers of this host")
        ]
      }
    }
  }

  private static let shownAddresses = 4

  private static func words(for addresses: [EdgeAddress]) -> String {
    let more = addresses.count - shownAddresses
    return addresses.prefix(shownAddresses).map(\.host).joined(separator: ", ")
      + (more > 0 ? " and \(more) more" : "")
  }

  // MARK: Edges

  func examineEdges(of mapping: Mapping, distribution: String?) async {
    let domain = mapping.domain.text
    guard mapping.probe.isEnabled else {
      return board.note([DoctorCheck(.edge, domain, .untested, "probe.enabled is false")])
    }
    var target = mapping.probe
    if !target.distributionPorts.isEmpty {
      guard let distribution else {
        return board.note([
          DoctorCheck(.edge, domain, .untested, "Cognito does not name the distribution")
        ])
      }
      target.connectTo += target.distributionPorts.map {
        ProbeTarget.Endpoint(host: distribution, port: $0)
      }
    }
    await board.run(.edge, domain) {
      let now = clock.now
      let round = await clients.probe.probe(
        mapping.domain, at: target, caFile: mapping.caFile, now: now)
      if let failure = round.failure {
        return [
          DoctorCheck(
            .edge, domain, .failed, "no address: \(failure.message)",
            fix: "see dns; for a host whose DNS leads elsewhere set probe.connect_to: cloudfront")
        ]
      }
      let isServed = round.edges.contains { $0.leaf != nil }
      return round.edges.map { edge in
        EdgeFinding(edge, of: mapping.domain, isServedElsewhere: isServed, now: now).check
      }
    }
  }

  // MARK: Roots

  func examineRoots(of mappings: [Mapping]) async {
    var files: [String?] = mappings.isEmpty ? [nil] : []
    for mapping in mappings where !files.contains(mapping.caFile) { files.append(mapping.caFile) }
    for file in files {
      let object = file ?? "the system's"
      await board.run(.roots, object) {
        do throws(Failure) {
          let count = try await clients.probe.countRoots(caFile: file)
          if count > 0 {
            return [DoctorCheck(.roots, object, .ok, counted(count, "certificate"))]
          }
          return [
            DoctorCheck(
              .roots, object, .failed, "there are none",
              fix: "install ca-certificates, or name a file of roots with ca_file")
          ]
        } catch {
          return [
            DoctorCheck(
              .roots, object, .failed, error.message,
              fix: file == nil ? "install ca-certificates" : "correct the file, or ca_file")
          ]
        }
      }
    }
  }
}
