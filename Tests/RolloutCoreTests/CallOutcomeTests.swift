import Narration
import RolloutCore
import Testing

@Suite("The answer to a call")
struct CallOutcomeTests {
  /// Every kind of failure, with the condition and the reason's code that it leaves.
  static let table: [(kind: Failure.Kind, condition: Condition, code: String)] =
    [
      (.unreachable, .retrying, "unreachable"), (.answerLost, .retrying, "answer_lost"),
      (.server, .retrying, "server_error"), (.malformedAnswer, .retrying, "malformed_answer"),
      (.throttled, .retrying, "throttled"), (.conflict, .retrying, "conflict"),
      (.certificateRejected, .refused, "certificate_rejected"),
      (.credentials, .retrying, "credentials"), (.accessDenied, .refused, "access_denied"),
      (.notFound, .refused, "not_found"), (.quotaExceeded, .refused, "quota_exceeded"),
      (.notReady, .retrying, "not_ready"),
    ] + refusals.map { (.refused($0), .refused, $0.word) }

  /// What the wire layer tells apart of the API's refusals.
  static let refusals: [Reason] = [
    .domainNotInPool, .parentDomainUnresolved, .settingsRejected, .featureUnavailable,
    .invalidRequest,
  ]

  private func submitted() -> Scene {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    return scene
  }

  @Test(
    "every failure is either tried again or refused, with its code as the reason", arguments: table)
  func failures(kind: Failure.Kind, condition: Condition, code: String) {
    var scene = submitted()
    let events = scene.answer(.failed(failure(kind)))
    #expect(scene.condition == condition && scene.record.reason?.code == code)
    #expect(scene.record.lastAttached == oldOne.arn)
    let isRefused = condition == .refused
    let main = events.last
    #expect(main?.kind == (isRefused ? .updateRefused : .updateRetrying))
    #expect(main?.level == (isRefused ? .error : .warning))
    #expect(main?.fields[.error] == failure(kind).description)
    #expect(main?.fields[.requestID] == "request-9" && main?.fields[.attempt] == "1")
    #expect((main?.fields[.retryIn] != nil) != isRefused)
    #expect(main?.fields[.reason] == code)
    #expect(events.count == (kind == .credentials ? 2 : 1))
    #expect(scene.nextLookAt == scene.record.rollout?.nextStepAt)
    #expect((scene.nextLookAt ?? noon) > noon)
    // The next look, with nothing changed, has nothing to add.
    let answered = scene.record
    #expect(scene.pass().events == [] && scene.record == answered)
  }

  @Test("an accepted call starts the window and is remembered as attached by this daemon")
  func accepted() {
    var scene = submitted()
    scene.record.shunned = [arn("else"), newOne.arn]
    let events = scene.answer(.accepted(requestID: nil))
    #expect(events.map(\.kind) == [.updateAccepted] && events.first?.fields[.requestID] == nil)
    #expect(events.first?.fields[.deadline] == (noon + .hours(1)).rfc3339)
    #expect(scene.condition == .propagating && scene.record.reason == nil)
    #expect(scene.record.lastAttached == newOne.arn && scene.record.attached == oldOne.arn)
    #expect(scene.record.shunned == [arn("else")])
  }

  @Test("an answer to no call changes nothing")
  func unasked() {
    for outcome in [UpdateOutcome.accepted(requestID: nil), .failed(failure(.throttled))] {
      var scenes = [Scene([oldOne, newOne]), Scene.propagating()]
      for index in scenes.indices {
        let before = scenes[index].record
        #expect(scenes[index].answer(outcome) == [] && scenes[index].record == before)
      }
    }
  }

  @Test("the same answer with the same chance leads to the same wait")
  func deterministic() {
    for chance in [0, UInt64.max / 3, .max] {
      var left = submitted()
      var right = submitted()
      left.answer(.failed(failure(.throttled)), chance: chance)
      right.answer(.failed(failure(.throttled)), chance: chance)
      #expect(left.record == right.record)
    }
  }
}

@Suite("Values of a fleet")
struct FleetTests {
  @Test("a selector's fingerprint changes with what it selects, and with nothing else")
  func selectorFingerprint() {
    let base = CertificateSelector().fingerprint
    let changes: [(inout CertificateSelector) -> Void] = [
      { $0.arn = arn("c") }, { $0.domainName = "a.example" }, { $0.tags = ["a": "b"] },
      { $0.tags = ["a": "b,\"c\"=\"d"] }, { $0.tags = ["a": "b", "c": "d"] },
      { $0.types = [.imported] }, { $0.types = [] },
      { $0.keyAlgorithms = [KeyAlgorithm("RSA_2048")] },
    ]
    var seen: Set<String> = [base]
    for change in changes {
      var selector = CertificateSelector()
      change(&selector)
      #expect(seen.insert(selector.fingerprint).inserted)
    }
    var paced = CertificateSelector(minRemaining: .days(1), soak: .days(1))
    #expect(paced.fingerprint == base)
    paced.tags = ["b": "2", "a": "1"]
    var same = CertificateSelector()
    same.tags = ["a": "1", "b": "2"]
    #expect(paced.fingerprint == same.fingerprint)
  }

  @Test("a mapping's fingerprint changes with all that a refusal may depend on")
  func mappingFingerprint() {
    let base = mapping().fingerprint
    let changes: [(inout Mapping) -> Void] = [
      { $0.userPoolID = pool("eu-west-1_Other") }, { $0.region = region("eu-west-2") },
      { $0.identity.profile = "prod" }, { $0.identity.roleARN = "arn:aws:iam::1:role/r" },
      { $0.selector.domainName = "a.example" },
    ]
    for change in changes { #expect(mapping(auth, change).fingerprint != base) }
    #expect(mapping(auth) { $0.wave = 7 }.fingerprint == base)
  }

  @Test("identities are named once, in order of appearance, and never by their external id")
  func identities() {
    let role = Identity(roleARN: "arn:aws:iam::1:role/r", externalID: "secret-id")
    let fleet = Fleet(mappings: [
      mapping { $0.identity = role }, mapping(), mapping { $0.identity = role },
    ])
    #expect(fleet.identities == [role, Identity()])
    #expect(!"\(role)".contains("secret-id") && "\(role)".contains("role/r"))
  }

  @Test("echoed settings are listed by their path")
  func members() {
    let settings = EchoedSettings(
      customDomainConfig: ["SecurityPolicy": "\"X\"", "New": "1"], topLevel: ["Routing": "{}"])
    #expect(
      settings.members.map { "\($0.path)=\($0.json)" } == [
        "CustomDomainConfig.New=1", "CustomDomainConfig.SecurityPolicy=\"X\"", "Routing={}",
      ])
  }

  @Test("a condition needs a person, is in progress, or neither; never both")
  func conditions() {
    let person: Set<Condition> = [
      .overdue, .refused, .noCandidate, .unknown, .drifted, .unserved, .other("new"),
    ]
    let progress: Set<Condition> = [.pending, .submitting, .propagating, .retrying]
    for condition in Condition.known + [.other("new")] {
      #expect(condition.needsPerson == person.contains(condition))
      #expect(condition.isInProgress == progress.contains(condition))
    }
  }
}
