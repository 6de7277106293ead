import Configuration
import Testing

@Suite("The domains that a person may have meant")
struct DomainSuggestionTests {
  private static let many = (0..<20).map { "d\($0).other.example.org" } + ["auth.example.com"]

  @Test("of many the nearest come first, and none that differs much")
  func many() {
    #expect(
      Suggestion.domains(near: "auth.exmaple.com", among: Self.many) == ["auth.example.com"])
    let near = Suggestion.domains(near: "d1.other.example.org", among: Self.many)
    #expect(near.first == "d1.other.example.org" && near.count == 5)
    #expect(Suggestion.domains(near: "login.company.net", among: Self.many) == [])
    #expect(Suggestion.domains(near: "example.com", among: Self.many) == ["auth.example.com"])
    #expect(Suggestion.domains(near: "", among: Self.many) == [])
    #expect(Suggestion.domains(near: String(repeating: "a", count: 5000), among: Self.many) == [])
  }

  @Test("of a few all are named")
  func few() {
    #expect(
      Suggestion.domains(near: "x.example.net", among: ["login.example.org", "auth.example.com"])
        .count == 2)
  }

  @Test("the message says which there are")
  func messages() {
    #expect(
      Suggestion.unknownDomain("auth.exmaple.com", among: Self.many)
        == "auth.exmaple.com is not among the domains in the state file; the nearest is auth.example.com"
    )
    #expect(
      Suggestion.unknownDomain("x.example.net", among: ["a.example.org", "b.example.org"])
        .hasSuffix("the nearest are a.example.org, b.example.org"))
    #expect(
      Suggestion.unknownDomain("login.company.net", among: Self.many)
        .hasSuffix("none of the 21 domains in the state file has a similar name"))
    #expect(
      Suggestion.unknownDomain("a.example.com", among: [])
        == "a.example.com is unknown: the state file holds no domain yet")
  }
}
