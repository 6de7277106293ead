import RolloutCore
import Testing

@Suite("Leaving the attached certificate")
struct ChooserUnusableTests {
  let older = certificate("older", from: -90, to: 90)

  private func attached(_ edit: (inout Certificate) -> Void) -> Certificate {
    certificate("old", from: -60, to: 200, edit)
  }

  @Test(
    "one that ACM says is not issued is left for the best eligible one, whatever its age",
    arguments: [
      .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed,
    ] as [CertificateStatus])
  func status(status: CertificateStatus) {
    let spoilt = attached { $0.status = status }
    #expect(Choosing([spoilt, older]).summary == "urgent unusable older")
    #expect(Choosing([spoilt]).summary == "missing not_issued")
    let oldest = certificate("oldest", from: -99, to: 400)
    #expect(Choosing([spoilt, oldest, older]).summary == "urgent unusable older")
  }

  @Test("one that has ended is left from that moment on")
  func expired() {
    let ended = attached { $0.notAfter = noon }
    #expect(Choosing([ended, older]).summary == "urgent unusable older")
    #expect(Choosing([ended]).summary == "missing expired")
    let ending = attached { $0.notAfter = noon + .milliseconds(1) }
    #expect(Choosing([ending, older]).summary == "keep")
  }

  @Test("one whose names do not cover the domain is left")
  func names() {
    let foreign = attached {
      $0.names = ["other.example.com"]
      $0.primaryName = "other.example.com"
    }
    #expect(Choosing([foreign, older]).summary == "urgent unusable older")
    #expect(Choosing([foreign]).summary == "missing name_not_covered")
  }

  @Test("one that the list tells too little of is described before it is judged")
  func tooLittle() {
    let edits: [(inout Certificate) -> Void] = [
      { $0.status = nil },
      {
        $0.names = []
        $0.primaryName = nil
        $0.namesAreComplete = false
      },
      {
        $0.names = (0..<100).map { "n\($0).example.com" }
        $0.primaryName = "n0.example.com"
        $0.namesAreComplete = false
      },
    ]
    for edit in edits {
      let bare = attached(edit)
      var revoked = described(attached { $0.status = .revoked })
      revoked.names = ["auth.example.com"]
      let choosing = Choosing([bare, older]) { $0.details[bare.arn] = .seen(revoked) }
      #expect(choosing.asked.contains(.details(bare.arn)))
      #expect(choosing.summary == "urgent unusable older")
      let unseenOne = Choosing([bare, older]) { $0.details[bare.arn] = unseen() }
      #expect(unseenOne.summary == "keep")
    }
  }

  @Test("one that is pinned and that the list tells too little of is described, too")
  func pinnedTooLittle() {
    let bare = attached { $0.status = nil }
    let choosing = Choosing([bare]) {
      $0.select { $0.arn = bare.arn }
      $0.details[bare.arn] = .seen(described(attached { $0.status = .revoked }))
    }
    #expect(choosing.summary == "missing not_issued")
  }

  @Test("checks for candidates alone do not make it unusable, nor a status not known yet")
  func candidatesAlone() {
    let short = attached {
      $0.notAfter = noon + .days(6)
      $0.issuedAt = noon
    }
    let choosing = Choosing([short, older]) {
      $0.select { $0.soak = .days(30) }
      $0.evidence[short.arn] = .seen(evidence(of: short, chain: .untrusted("no root")))
    }
    #expect(choosing.summary == "keep")
    #expect(Choosing([attached { $0.status = .other("RENEWING") }, older]).summary == "keep")
    #expect(Choosing([attached { $0.managedBy = "CLOUDFRONT" }, older]).summary == "keep")
    #expect(
      Choosing([attached { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") }, older]).summary
        == "keep")
  }

  @Test("one that is not in the list is deleted only when ACM says so")
  func deleted() {
    let gone = arn("gone")
    func choosing(_ answer: Look<Certificate?>) -> Choosing {
      Choosing([older]) {
        $0.baseline = gone
        $0.details[gone] = answer
      }
    }
    #expect(choosing(.seen(nil)).asked.first == .details(gone))
    #expect(choosing(.seen(nil)).summary == "urgent unusable older")
    #expect(choosing(unseen(.throttled)).summary == "undetermined throttled")
    #expect(choosing(unseen(.accessDenied)).summary == "undetermined access_denied")
    let hidden = described(certificate("gone", from: -60, to: 200))
    #expect(choosing(.seen(hidden)).summary == "keep")
  }

  @Test("that ACM of one account does not have it says nothing of another account's")
  func otherAccount() {
    let elsewhere = arn("gone", account: "210987654321")
    let choosing = Choosing([older]) {
      $0.baseline = elsewhere
      $0.details[elsewhere] = .seen(nil)
    }
    #expect(choosing.summary == "undetermined not_found")
  }

  @Test("what could not be listed makes nothing unusable")
  func unlisted() {
    let choosing = Choosing([older]) {
      $0.listed = unseen(.accessDenied)
      $0.details[older.arn] = .seen(nil)
    }
    #expect(choosing.summary == "undetermined access_denied")
  }

  @Test("one that a changed selector no longer selects is left; at first sight it is not")
  func selectorChanged() {
    let imported = attached { $0.type = .imported }
    func choosing(_ fingerprint: String?) -> Choosing {
      Choosing([imported, older]) {
        $0.mapping.selector.types = [.amazonIssued]
        $0.fingerprint = fingerprint
      }
    }
    let before = CertificateSelector().fingerprint
    #expect(choosing(before).summary == "urgent unusable older")
    #expect(choosing(nil).summary == "keep")
    let same = choosing(nil).mapping.selector.fingerprint
    #expect(choosing(same).summary == "keep")
  }

  @Test("a changed selector that still selects it leaves it be")
  func selectorWidened() {
    let choosing = Choosing([attached { _ in }, older]) {
      $0.mapping.selector.domainName = "AUTH.example.com"
      $0.mapping.selector.minRemaining = .days(90)
    }
    #expect(choosing.summary == "keep")
  }

  @Test("whether tags newly asked for are there is looked at; if that fails, nothing is decided")
  func selectorTags() {
    let current = attached { _ in }
    func choosing(_ tags: Look<[CertificateARN: [String: String]]>) -> Choosing {
      Choosing([current, older]) {
        $0.mapping.selector.tags = ["app": "login"]
        $0.tags = tags
      }
    }
    #expect(choosing(.seen([:])).asked.first == .tags)
    #expect(choosing(.seen([:])).summary == "missing not_selected")
    #expect(choosing(.seen([older.arn: ["app": "login"]])).summary == "urgent unusable older")
    #expect(choosing(.seen([current.arn: ["app": "login"]])).summary == "keep")
    #expect(choosing(unseen(.throttled)).summary == "undetermined throttled")
  }

  @Test("what ACM does not say of it makes it no less selected by a changed selector")
  func selectorUnsaid() {
    let edits: [(inout Certificate) -> Void] = [
      { $0.type = nil }, { $0.keyAlgorithm = nil }, { $0.primaryName = nil },
    ]
    for edit in edits {
      let current = described(attached(edit))
      let choosing = Choosing([current, older]) {
        $0.mapping.selector.domainName = "auth.example.com"
        $0.mapping.selector.soak = .days(1)
      }
      #expect(choosing.summary == "keep")
    }
  }
}
