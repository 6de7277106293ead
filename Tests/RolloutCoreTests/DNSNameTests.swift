import RolloutCore
import Testing

@Suite("DNS names")
struct DNSNameTests {
  @Test(
    "A name is judged by the labels that it has",
    arguments: [
      ("a.b", nil), (String(repeating: "a", count: 63), nil), ("xn--bcher-kva.example", nil),
      (String(repeating: "a", count: 64), .labelTooLong(String(repeating: "a", count: 64))),
      ("", .empty), (String(repeating: "a.", count: 127), .tooLong), ("a..b", .emptyLabel),
      ("a.b.", .emptyLabel), ("a.*", .labelCharacters("*")), ("A.b", .labelCharacters("A")),
      ("a_b", .labelCharacters("a_b")), ("-a.b", .labelHyphen("-a")), ("a-.b", .labelHyphen("a-")),
    ] as [(String, DNSName.Problem?)])
  func problems(text: String, problem: DNSName.Problem?) {
    #expect(DNSName.problem(with: text, underscores: .refused) == problem)
  }

  @Test("A name that is only resolved may have an underscore")
  func underscores() {
    #expect(DNSName.problem(with: "_edge.example.net", underscores: .allowed) == nil)
  }

  @Test("The Kelvin sign is no k, though Unicode's lower case makes one of it")
  func kelvin() throws {
    let domain = try DomainName(parsing: "k.example.com")
    #expect(DNSName.name("K.example.com", covers: domain))
    #expect(!DNSName.name("\u{212a}.example.com", covers: domain))
  }
}
