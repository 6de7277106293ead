import LosslessJSON

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
      .init("settings", settings),
    ]
    members.removeAll { more[$0.name] != nil }
    return .object(members + (more.members ?? []))
  }

  /// What an update must send back, lest it is reset.
  static let settings: JSONValue = [
    "CustomDomainConfig": ["SecurityPolicy": "TLS_V1_2_2021"], "ManagedLoginVersion": 2,
  ]

  /// One domain with two quick edges.
  static func one(more: JSONValue = [:]) -> JSONValue { ["domains": [domain(more: more)]] }

  /// Two of them, in the same account.
  static let two: JSONValue = [
    "domains": [domain(), domain(other, pool: "eu-west-1_Fg56Hi78J")]
  ]

  /// The number of an account of a fleet, by its index.
  static func account(_ index: Int) -> String { String(200_000_000_000 + index) }

  /// The name of a domain of a fleet, by its account and its index there.
  static func name(_ account: Int, _ index: Int = 0) -> String {
    "d\(index).a\(account).example.com"
  }

  /// Several accounts with keys of their own, each with as many domains, without edges.
  static func fleet(_ accounts: Int, domains: Int = 1, more: JSONValue = [:]) -> JSONValue {
    let places = (0..<accounts).flatMap { account in
      (0..<domains).map { (account: account, index: $0) }
    }
    return [
      "accounts": .array(
        (0..<accounts).map { ["account": .string(account($0))] }),
      "domains": .array(
        places.map { place in
          let own: JSONValue = ["account": .string(account(place.account))]
          return domain(
            name(place.account, place.index),
            pool: "eu-west-1_Fleet\(place.account)x\(place.index)", active: 0, edges: [],
            more: .object((own.members ?? []) + (more.members ?? [])))
        }),
    ]
  }

  /// An authority that the simulator's certificates do not come from.
  static let otherRoot = """
    -----BEGIN CERTIFICATE-----
    MIIBkDCCATWgAwIBAgIUTH2g6g+hAIFSymY9k20MNSAOJ0UwCgYIKoZIzj0EAwIw
    HDEaMBgGA1UEAwwRYW5vdGhlciBhdXRob3JpdHkwIBcNMjYxMTIzMjM0NDE2WhgP
    MjEyNjEwMzAyMzQ0MTZaMBwxGjAYBgNVBAMMEWFub3RoZXIgYXV0aG9yaXR5MFkw
    EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaYYz7MKAkQwSHgp+6Nf8UkQmUI5FJ95p
    hnUlNCzzk4nwBVYqGJmnQ0uxlpj7CK/zbI2BJ909/zCsCHd1U3RIQqNTMFEwHQYD
    VR0OBBYEFOeqAfOqbRszniFM/2ErO2q3tu0TMB8GA1UdIwQYMBaAFOeqAfOqbRsz
    niFM/2ErO2q3tu0TMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIh
    AKzPVX4z/OLgCtHTPi1nkG81HYqi52ja/KAu2cnI2v8MAiEAtFlpgXPnvkPdEFVY
    W1WTjU78tasrpfLCuVyw3ZmZHMU=
    -----END CERTIFICATE-----

    """
}
