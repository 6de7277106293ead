import RolloutCore
import Testing

@Suite("Names and order of certificates")
struct CertificateOrderTests {
  @Test(
    "a name covers a domain when equal without regard to case, or a wildcard for one label",
    arguments: [
      ("auth.example.com", true), ("AUTH.Example.COM", true), ("*.example.com", true),
      ("*.EXAMPLE.com", true), ("example.com", false), ("*.com", false),
      ("*.auth.example.com", false), ("*.*.com", false), ("a*.example.com", false),
      ("*", false), ("*.", false), ("", false), ("auth.example.com.", false),
      ("auth.example.co", false), ("xauth.example.com", false), ("*.example.com.", false),
    ])
  func covers(name: String, covers: Bool) {
    #expect(DNSName.name(name, covers: auth) == covers)
    #expect(
      certificate("c") {
        $0.names = [name]; $0.primaryName = nil
      }.covers(auth) == covers)
  }

  @Test("any of the names will do, the primary one included")
  func anyName() {
    let other = certificate("c") { $0.names = ["a.example.com", "b.example.com"] }
    #expect(other.covers(auth))
    #expect(
      !certificate("c") {
        $0.names = []; $0.primaryName = nil
      }.covers(auth))
    let second = certificate("c") {
      $0.names = ["a.example.com", "*.example.com"]
      $0.primaryName = "a.example.com"
    }
    #expect(second.covers(auth))
  }

  @Test("of the eligible: latest NotBefore, then creation or import, then NotAfter, then ARN")
  func preference() {
    let ordered = [
      certificate("n1", from: -1, to: 10) { $0.createdAt = noon - .days(9) },
      certificate("c1", from: -2, to: 10) { $0.createdAt = noon - .days(1) },
      certificate("c2", from: -2, to: 10) {
        $0.createdAt = nil
        $0.importedAt = noon - .days(2)
      },
      certificate("e1", from: -3, to: 30),
      certificate("e2", from: -3, to: 20),
      certificate("e3", from: -3, to: 20),
      certificate("x1", from: -3, to: 20) { $0.createdAt = nil },
      certificate("x2") { $0.notBefore = nil },
    ]
    var dice = Dice(seed: 3)
    for _ in 0..<20 {
      let sorted = ordered.shuffled(using: &dice).sorted { Certificate.isPreferred($0, to: $1) }
      #expect(sorted.map(\.arn.text) == ordered.map(\.arn.text))
    }
    for certificate in ordered {
      #expect(!Certificate.isPreferred(certificate, to: certificate))
    }
  }

  @Test("a replacement is newer by NotBefore and by creation, and does not end earlier")
  func replacement() {
    let attached = certificate("old", from: -30, to: 60)
    #expect(certificate("new", from: -29, to: 61).replaces(attached))
    #expect(certificate("new", from: -29, to: 60).replaces(attached))
    #expect(!certificate("new", from: -29, to: 59).replaces(attached))
    #expect(!certificate("new", from: -30, to: 90).replaces(attached))
    #expect(!certificate("new", from: -31, to: 90).replaces(attached))
    let renewed = certificate("new", from: -1, to: 90) { $0.createdAt = noon - .days(400) }
    #expect(!renewed.replaces(attached))
    let sameDay = certificate("new", from: -1, to: 90) { $0.createdAt = attached.createdAt }
    #expect(!sameDay.replaces(attached))
    #expect(!attached.replaces(attached))
  }

  @Test("an unknown date on either side makes nothing newer")
  func unknownDates() {
    let old = certificate("old", from: -30)
    let new = certificate("new", from: -1)
    #expect(new.replaces(old))
    let edits: [(inout Certificate) -> Void] = [
      { $0.notBefore = nil }, { $0.notAfter = nil }, { $0.createdAt = nil },
    ]
    for edit in edits {
      var without = new
      edit(&without)
      #expect(!without.replaces(old))
      without = old
      edit(&without)
      #expect(!new.replaces(without))
    }
  }

  @Test("soak counts from the import of an imported certificate and the issue of another")
  func issue() {
    let days = { (day: Int64) in noon - .days(day) }
    let imported = certificate("c") {
      $0.type = .imported
      $0.createdAt = days(9)
      $0.importedAt = days(2)
      $0.issuedAt = days(5)
    }
    #expect(imported.issue == days(2))
    let issued = certificate("c") {
      $0.createdAt = days(9)
      $0.importedAt = days(2)
      $0.issuedAt = days(5)
    }
    #expect(issued.issue == days(5))
    #expect(certificate("c") { $0.issuedAt = nil }.issue == days(30))
  }

  @Test("both of ACM's notations of a key are the same key")
  func keys() {
    #expect(KeyAlgorithm("RSA-2048") == KeyAlgorithm("RSA_2048"))
    #expect(KeyAlgorithm("EC-prime256v1") == KeyAlgorithm("EC_prime256v1"))
    #expect(KeyAlgorithm("ML-DSA").name == "ML-DSA" && KeyAlgorithm("").name == "")
    #expect(KeyAlgorithm.all.count == 7)
    #expect(Set(KeyAlgorithm.servedByCloudFront).isSubset(of: KeyAlgorithm.all))
  }

  @Test("words of the API that are not known yet are kept as they are")
  func words() {
    for word in [
      "ISSUED", "PENDING_VALIDATION", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED",
      "FAILED", "NEW_STATUS", "",
    ] {
      #expect(CertificateStatus(word).description == word)
    }
    for word in ["AMAZON_ISSUED", "IMPORTED", "PRIVATE", "NEW_TYPE"] {
      #expect(CertificateType(word).description == word)
    }
    for word in ["CREATING", "DELETING", "UPDATING", "ACTIVE", "FAILED", "NEW_STATUS"] {
      #expect(DomainStatus(word).description == word)
    }
    #expect(CertificateStatus("issued") != .issued)
    #expect([DomainStatus.active, .failed].allSatisfy { $0.takesUpdates })
    #expect(
      [DomainStatus.creating, .deleting, .updating, .other("X")].allSatisfy { !$0.takesUpdates })
  }
}
