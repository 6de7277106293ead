import RolloutCore
import Testing

@Suite("What a choice asks for")
struct ChooserQuestionTests {
  let old = certificate("old", from: -60, to: 60)
  let new = certificate("new", from: -1, to: 89)

  @Test("a choice that keeps the attached certificate asks for nothing")
  func rest() {
    let others = (0..<50).map { index in
      certificate("other\(index)", from: -1, to: 89) {
        $0.names = ["other\(index).example.com"]
        $0.primaryName = $0.names.first
      }
    }
    let older = (0..<50).map { certificate("older\($0)", from: -70 - $0, to: 40) }
    let unsuitable = [
      certificate("revoked", from: -1) { $0.status = .revoked },
      certificate("pending", from: -1) {
        $0.status = .pendingValidation
        $0.notBefore = nil
        $0.notAfter = nil
      },
      certificate("managed", from: -1) { $0.managedBy = "CLOUDFRONT" },
    ]
    #expect(Choosing([old] + others + older + unsuitable).asked == [])
    let tagged = Choosing([old] + others + older) { $0.select { $0.tags = ["app": "login"] } }
    #expect(tagged.asked == [])
  }

  @Test("a replacement costs the judgement of two leaves, its own and the attached one, asked last")
  func replacement() {
    #expect(Choosing([old, new]).batches == [[.evidence(new.arn)], [.evidence(old.arn)]])
    let tagged = Choosing([old, new]) {
      $0.select { $0.tags = ["app": "login"] }
      $0.tags = .seen([new.arn: ["app": "login"]])
    }
    #expect(tagged.batches == [[.tags], [.evidence(new.arn)], [.evidence(old.arn)]])
    let untagged = Choosing([old, new]) { $0.select { $0.tags = ["app": "login"] } }
    #expect(untagged.asked == [.tags])
    #expect(untagged.summary == "keep")
  }

  @Test("chains are judged in one batch, from the best down")
  func bestFirst() {
    let middle = certificate("middle", from: -2, to: 89)
    #expect(
      Choosing([old, middle, new]).batches
        == [[.evidence(new.arn), .evidence(middle.arn)], [.evidence(old.arn)]])
  }

  @Test("a list that holds ARNs alone is described where it matters")
  func bareList() {
    let bare = { (certificate: Certificate) in Certificate(arn: certificate.arn) }
    let revoked = certificate("revoked", from: -1) { $0.status = .revoked }
    let choosing = Choosing([bare(old), bare(new), revoked]) {
      $0.details = [old.arn: .seen(described(old)), new.arn: .seen(described(new))]
    }
    #expect(
      Set(choosing.asked)
        == [.details(old.arn), .details(new.arn), .evidence(new.arn), .evidence(old.arn)])
    #expect(choosing.summary == "replacement new")
  }

  @Test("a certificate that was described in vain is not described again")
  func describedInVain() {
    let bare = { (certificate: Certificate) in Certificate(arn: certificate.arn, isDescribed: true)
    }
    #expect(Choosing([bare(old), bare(new)]).asked == [])
    #expect(Choosing([bare(old), bare(new)]).summary == "keep")
    let unseenBoth = Choosing([Certificate(arn: old.arn), Certificate(arn: new.arn)]) {
      $0.details = [old.arn: unseen(), new.arn: unseen()]
    }
    #expect(unseenBoth.asked == [.details(old.arn)])
    #expect(unseenBoth.summary == "blocked unreachable")
  }
}
