import Configuration
import Testing

@Suite("The domains that a person may have meant")
struct DomainSuggestionTests {
  private static let many = (0..<20).map { "d\($0).other.example.org" } + ["auth.example.com"]

  @Test(
    "Of many the nearest are named, and none that differs much",
    arguments: [
      ("auth.exmaple.com", "; the nearest is auth.example.com"),
      ("example.com", "; the nearest is auth.example.com"),
      ("www.auth.example.com", "; the nearest is auth.example.com"),
      ("login.company.net", "; none of the 21 has a similar name"),
      ("", "; none of the 21 has a similar name"),
      (String(repeating: "a", count: 5000), "; none of the 21 has a similar name"),
    ])
  func many(wrong: String, expected: String) {
    #expect(Suggestion.nearestDomains(to: wrong, among: Self.many) == expected)
  }

  @Test("No more than five are named, the nearest first")
  func limit() {
    let text = Suggestion.nearestDomains(to: "d1.other.example.org", among: Self.many)
    #expect(text.hasPrefix("; the nearest are d1.other.example.org, "))
    #expect(text.split(separator: ",").count == 5)
  }

  @Test("Of a few all are named, and that there is none is said")
  func few() {
    #expect(
      Suggestion.nearestDomains(to: "x.example.net", among: ["b.example.org", "a.example.org"])
        == "; the nearest are a.example.org, b.example.org")
    #expect(
      Suggestion.nearestDomains(to: "a.example.com", among: []) == "; there is none yet")
  }
}
