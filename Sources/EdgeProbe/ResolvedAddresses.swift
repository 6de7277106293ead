import RolloutCore

/// One of a domain's endpoints and what it resolved to.
struct ResolvedEndpoint: Sendable {
  let endpoint: ProbeTarget.Endpoint
  let resolution: NameResolution
}

/// The addresses that one round probes.
struct ResolvedAddresses {
  /// Each address once, in the order of the endpoints; those of one endpoint are sorted.
  private(set) var addresses: [EdgeAddress] = []
  /// Endpoints without an address, and the addresses over the limit. They are reported, but do not
  /// count against the domain.
  private(set) var unresolved: [EdgeLook] = []
  /// Why there is no address at all.
  private(set) var failure: Failure?

  init(_ endpoints: [ResolvedEndpoint], limit: Int) {
    var seen: Set<EdgeAddress> = []
    var failures: [String] = []
    for endpoint in endpoints {
      switch endpoint.resolution {
      case .addresses(let found):
        addresses += found.sorted().filter { seen.insert($0).inserted }
      case .failed(let reason):
        failures.append(reason)
        unresolved.append(
          EdgeLook(
            address: endpoint.endpoint.description,
            result: EdgeLook.Result(failing: .resolve, EdgeProbeError(reason))))
      }
    }
    if addresses.count > limit {
      let excess = addresses.count - limit
      addresses.removeLast(excess)
      unresolved.append(
        EdgeLook(
          address: "\(excess) more",
          result: EdgeLook.Result(
            failing: .resolve, EdgeProbeError("over the limit of \(limit) addresses a domain"))))
    }
    if addresses.isEmpty {
      var reasons: Set<String> = []
      failure = Failure(
        .unreachable, operation: "resolve",
        object: endpoints.map(\.endpoint.description).joined(separator: ", "),
        message: failures.isEmpty
          ? "it has no address"
          : failures.filter { reasons.insert($0).inserted }.joined(separator: "; "))
    }
  }
}
