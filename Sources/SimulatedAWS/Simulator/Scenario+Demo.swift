import LosslessJSON

extension Scenario {
  /// Two domains: the edges of one change one by one, and the update of the other is refused because
  /// its parent domain has no A record.
  package static let demo = """
    {
      "accounts": [{"account": "123456789012"}],
      "certificates": [
        {"name": "auth", "names": ["auth.example.com"],
         "not_before": -6912000, "not_after": 864000, "tags": {"app": "login"}},
        {"name": "login", "names": ["login.example.org"],
         "not_before": -6912000, "not_after": 864000}
      ],
      "domains": [
        {"domain": "auth.example.com", "user_pool_id": "eu-west-1_Ab12Cd34E",
         "certificate": "auth", "active_after": 8, "edge_delays": [4, 7, 11, 15],
         "settings": {"CustomDomainConfig": {"SecurityPolicy": "TLS_V1_2_2021"},
                      "ManagedLoginVersion": 2}},
        {"domain": "login.example.org", "user_pool_id": "eu-west-1_Fg56Hi78J",
         "certificate": "login", "active_after": 6, "edge_delays": [3, 5],
         "refusal": "parent_domain"}
      ]
    }
    """

  /// One domain for each name, with two edges, in the default account.
  package static func simple(_ names: [String]) throws(SimulationProblem) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = [Account.standard]
    for (index, name) in names.enumerated() {
      let fields = try SimulatorFields([
        "domain": .string(name), "user_pool_id": .string("eu-west-1_Simulated\(index + 1)"),
        "edges": 2,
      ])
      scenario.domains.append(try DomainSetup(fields))
    }
    return scenario
  }
}
