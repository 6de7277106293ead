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

  @Test("one whose status or names the list does not hold is described before it is judged")
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
      #expect(unseenOne.summary == "blocked unreachable")
    }
  }

  @Test("a pinned one whose status the list does not hold is described, too")
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
        $0.present = gone
        $0.details[gone] = answer
      }
    }
    #expect(choosing(.seen(nil)).asked.first == .details(gone))
    #expect(choosing(.seen(nil)).summary == "urgent unusable older")
    #expect(choosing(unseen(.throttled)).summary == "blocked throttled")
    #expect(choosing(unseen(.accessDenied)).summary == "blocked access_denied")
    let hidden = described(certificate("gone", from: -60, to: 200))
    #expect(choosing(.seen(hidden)).summary == "keep")
  }

  @Test("one of another account is not deleted because the listed account does not have it")
  func otherAccount() {
    let elsewhere = arn("gone", account: "210987654321")
    let choosing = Choosing([older]) {
      $0.present = elsewhere
      $0.details[elsewhere] = .seen(nil)
    }
    #expect(choosing.summary == "blocked not_found")
  }

  @Test("a failed list makes nothing unusable")
  func unlisted() {
    let choosing = Choosing([older]) {
      $0.listed = unseen(.accessDenied)
      $0.details[older.arn] = .seen(nil)
    }
    #expect(choosing.summary == "blocked access_denied")
  }

  @Test("one that a changed selector no longer selects is left, and that is not urgent")
  func selectorChanged() {
    let imported = attached { $0.type = .imported }
    func choosing(_ fingerprint: String?) -> Choosing {
      Choosing([imported, older]) {
        $0.mapping.selector.types = [.amazonIssued]
        $0.fingerprint = fingerprint
      }
    }
    let before = CertificateSelector().fingerprint
    #expect(choosing(before).summary == "unusable older")
    #expect(choosing(nil).summary == "keep")
    let same = choosing(nil).mapping.selector.fingerprint
    #expect(choosing(same).summary == "keep")
  }

  @Test("one that a changed selector still selects is kept")
  func selectorWidened() {
    let choosing = Choosing([attached { _ in }, older]) {
      $0.mapping.selector.domainName = "AUTH.example.com"
      $0.mapping.selector.minRemaining = .days(90)
    }
    #expect(choosing.summary == "keep")
  }

  @Test(
    "tags that a changed selector asks for are looked up; when that fails, the choice is blocked")
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
    #expect(choosing(.seen([older.arn: ["app": "login"]])).summary == "unusable older")
    #expect(choosing(.seen([current.arn: ["app": "login"]])).summary == "keep")
    #expect(choosing(unseen(.throttled)).summary == "blocked throttled")
  }

  @Test("data that ACM does not give do not make it unselected")
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
