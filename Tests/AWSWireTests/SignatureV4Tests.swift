import Foundation
import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Signature Version 4")
struct SignatureV4Tests {
  /// One request with the headers that botocore signs it with; see Vectors/make_vectors.py.
  struct Vector: CustomTestStringConvertible {
    let name: String
    let request: HTTPRequest
    let signer: SignatureV4
    let date: Instant
    let expected: [Header]

    var testDescription: String { name }

    struct Malformed: Error {}

    init(_ value: JSONValue) throws {
      func text(_ name: String) throws -> String {
        guard let text = value[name]?.string else { throw Malformed() }
        return text
      }
      func headers(_ name: String) throws -> [Header] {
        try (value[name]?.array ?? []).map { pair in
          guard let parts = pair.array, parts.count == 2, let name = parts[0].string,
            let value = parts[1].string
          else { throw Malformed() }
          return Header(name, value)
        }
      }
      name = try text("name")
      request = HTTPRequest(
        method: try text("method"), url: try text("url"), headers: try headers("headers"),
        body: Array(try text("body").utf8))
      signer = SignatureV4(
        credentials: Credentials(
          accessKeyID: try text("key"), secretAccessKey: try text("secret"),
          sessionToken: value["token"]?.string, origin: "a vector"),
        region: try text("region"), service: try text("service"))
      guard let date = AnswerTime.iso8601(try text("time")) else { throw Malformed() }
      self.date = date
      expected = try headers("expected")
    }

    static func all() throws -> [Vector] {
      let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Vectors/signature-v4.json")
      let value = try JSONValue(parsing: Data(contentsOf: file))
      return try (value["vectors"]?.array ?? []).map(Vector.init)
    }
  }

  @Test("Every request is signed as botocore signs it", arguments: try Vector.all())
  func golden(vector: Vector) {
    #expect(vector.signer.headers(signing: vector.request, at: vector.date) == vector.expected)
  }

  @Test("There are test vectors")
  func vectorsExist() throws {
    #expect(try Vector.all().count >= 20)
  }

  @Test("A change of any signed part changes the signature")
  func everythingCounts() throws {
    let vector = try #require(try Vector.all().first)
    let signed = vector.signer.headers(signing: vector.request, at: vector.date)
    let changes: [(inout HTTPRequest) -> Void] = [
      { $0.method = "PUT" }, { $0.url += "x" }, { $0.url += "?a" }, { $0.body.append(0x20) },
      { $0.headers[0].value += "x" }, { $0.headers.append(Header("X", "")) },
    ]
    for change in changes {
      var request = vector.request
      change(&request)
      #expect(vector.signer.headers(signing: request, at: vector.date) != signed)
    }
    let later = vector.date + .seconds(1)
    #expect(vector.signer.headers(signing: vector.request, at: later) != signed)
  }

  @Test("Digests match the test vectors of the standards")
  func digests() {
    // FIPS 180-2, "abc"; RFC 4231, test case 2.
    #expect(
      Digest.hex(Digest.sha256("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.hex(Digest.sha256([]))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      Digest.hex(Digest.hmacSHA256(key: "Jefe".utf8, "what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      Digest.hex(Digest.hmacSHA256(key: [], []))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }
}
