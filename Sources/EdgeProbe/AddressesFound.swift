import RolloutCore

/// What one of a domain's endpoints resolved to.
struct NamedAnswer: Sendable {
  let endpoint: ProbeTarget.Endpoint
  let answer: NameAnswer
}

/// The addresses to be looked at in one round.
struct AddressesFound {
  /// Each once: endpoint after endpoint, an endpoint's own sorted.
  private(set) var addresses: [EdgeAddress] = []
  /// Endpoints without an address, and the addresses over the limit: reported, not counted
  /// against the domain.
  private(set) var unresolved: [EdgeLook] = []
  /// Why there is not one address.
  private(set) var failure: Failure?

  init(_ answers: [NamedAnswer], limit: Int) {
    var seen: Set<EdgeAddress> = []
    var failures: [String] = []
    for named in answers {
      switch named.answer {
      case .addresses(let found):
        addresses += found.sorted().filter { seen.insert($0).inserted }
      case .failed(let reason):
        failures.append(reason)
        unresolved.append(
          EdgeLook(
            address: named.endpoint.description,
            result: EdgeLook.Result(failing: .resolve, StepFailure(reason))))
      }
    }
    if addresses.count > limit {
      let rest = addresses.count - limit
      addresses.removeLast(rest)
      unresolved.append(
        EdgeLook(
          address: "\(rest) more",
          result: EdgeLook.Result(
            failing: .resolve, StepFailure("over the limit of \(limit) addresses a domain"))))
    }
    if addresses.isEmpty {
      var reasons: Set<String> = []
      failure = Failure(
        .unreachable, operation: "resolve",
        object: answers.map(\.endpoint.description).joined(separator: ", "),
        message: failures.isEmpty
          ? "it has no address"
          : failures.filter { reasons.insert($0).inserted }.joined(separator: "; "))
    }
  }
}
