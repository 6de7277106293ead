import JSONText

/// Scenarios that many tests begin with.
enum Scene {
  static let name = "auth.example.com"
  static let other = "login.example.org"

  /// A domain as the simulator takes it; whatever `more` says comes on top.
  static func domain(
    _ name: String = name, pool: String = "eu-west-1_Ab12Cd34E", active: Double = 0.3,
    edges: [JSONValue] = [0.1, 0.3], more: JSONValue = [:]
  ) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("domain", .string(name)), .init("user_pool_id", .string(pool)),
      .init("active_after", .number(String(active))), .init("edge_delays", .array(edges)),
    ]
    members.removeAll { more[$0.name] != nil }
    return .object(members + (more.members ?? []))
  }

  /// One domain with two quick edges.
  static func one(more: JSONValue = [:]) -> JSONValue { ["domains": [domain(more: more)]] }

  /// Two of them, in the same account.
  static let two: JSONValue = [
    "domains": [domain(), domain(other, pool: "eu-west-1_Fg56Hi78J")]
  ]
}
