package import LosslessJSON
import RolloutCore

/// The initial state of a simulator: accounts, certificates, domains with their edges, and delays.
/// docs/simulator.md describes its JSON.
package struct Scenario: Sendable {
  package var seed: UInt64 = 1
  /// 0: the system chooses one.
  package var port = 0
  /// The delay of every answer of the simulated AWS.
  package var latency: Duration = .zero
  package var options = FakeAWSOptions()
  package var accounts: [Account] = []
  package var roles: [FakeRole] = []
  package var metadata = FakeMetadata()
  package var containers: [FakeContainer] = []
  package var certificates: [CertificateSetup] = []
  package var domains: [DomainSetup] = []
  package var userPools: [UserPoolSetup] = []

  package struct Account: Sendable {
    package var number: String
    package var accessKeyID: String
    package var secret: SimulatedSecret
    package var sessionToken: SimulatedSecret?
    /// The time from the start until the credentials expire; nil: never.
    package var expiresIn: Duration?
    package var denied: [String]
  }

  /// Pools without a custom domain.
  package struct UserPoolSetup: Sendable {
    /// Of the first one; the others have a number behind it.
    package var id: String
    package var region: String
    /// nil: the first account.
    package var account: String?
    package var count: Int
    package var prefixDomain: String?
  }

  package struct DomainSetup: Sendable {
    package var domain: String
    package var userPoolID: String
    package var region: String
    /// nil: the first account.
    package var account: String?
    /// The name of a certificate in the scenario; nil: one is issued for the domain.
    package var certificate: String?
    package var behaviour: DomainBehaviour
    package var config: [JSONValue.Member]
    package var topLevel: [JSONValue.Member]
  }
}

/// A certificate to issue, at the start or by a command.
package struct CertificateSetup: Sendable {
  /// The name with which a domain refers to it.
  package var name: String?
  package var names: [String]
  package var key: Key = .ecP256
  package var type = "AMAZON_ISSUED"
  package var account: String?
  package var region = "us-east-1"
  /// Relative to the time of issue, like the next two.
  package var notBefore: Duration = .zero
  package var notAfter: Duration = .days(90)
  package var created: Duration = .zero
  package var tags: [String: String] = [:]
  package var managedBy: String?
  package var isSelfSigned = false
  package var isPending = false

  package enum Key: String, Sendable, CaseIterable {
    case ecP256 = "ec_p256"
    case ecP384 = "ec_p384"
    case rsa2048 = "rsa_2048"

    var minted: MintedKey {
      switch self {
      case .ecP256: .ecP256
      case .ecP384: .ecP384
      case .rsa2048: .rsa2048
      }
    }

    /// In the notation of ACM's list.
    var algorithm: String {
      switch self {
      case .ecP256: "EC_prime256v1"
      case .ecP384: "EC_secp384r1"
      case .rsa2048: "RSA_2048"
      }
    }
  }

  package init(names: [String]) {
    self.names = names
  }
}
