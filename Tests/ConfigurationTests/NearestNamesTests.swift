import Configuration
import Testing

@Suite("Names that are similar to a wrong one")
struct NearestNamesTests {
  private static let names = [
    "auth.example.com", "auth.example.org", "login.example.com", "www.other.net",
  ]

  @Test(
    "The most similar ones come first, and those that are not similar are left out",
    arguments: [
      ("auth.exmaple.com", ["auth.example.com", "auth.example.org"]),
      ("other", ["www.other.net"]),
      ("AUTH.EXAMPLE.COM", ["auth.example.com", "auth.example.org", "login.example.com"]),
      ("nothing-like-this-at-all.io", []), ("", []),
    ])
  func nearest(wrong: String, expected: [String]) {
    #expect(Suggestion.nearest(to: wrong, among: Self.names, limit: 3) == expected)
  }

  @Test("No more are named than the limit, and long texts are compared, too")
  func limits() {
    let names = (0..<100).map { "d\($0).example.com" }
    #expect(Suggestion.nearest(to: "dx.example.com", among: names, limit: 3).count == 3)
    let long = String(repeating: "a.", count: 2000) + "com"
    #expect(Suggestion.nearest(to: long, among: names, limit: 3).isEmpty)
  }
}
