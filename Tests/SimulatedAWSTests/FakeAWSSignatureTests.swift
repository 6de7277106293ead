import Foundation
import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

@Suite("Signatures of requests to the simulated AWS")
struct FakeAWSSignatureTests {
  let start = FakeAWSCaller.start

  struct Vector: CustomTestStringConvertible {
    var name: String
    var key: FakeAccessKey
    var request: HTTPRequest
    var testDescription: String { name }
  }

  /// Requests that botocore signed.
  static func vectors() throws -> [Vector] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Vectors/signatures.json")
    let json = try JSONValue(parsing: Array(Data(contentsOf: file)))
    return try #require(json["cases"]?.array).map { vector in
      let headers = try #require(vector["headers"]?.array).map {
        let pair = try #require($0.array)
        return Header(try #require(pair[0].string), try #require(pair[1].string))
      }
      return Vector(
        name: try #require(vector["name"]?.string),
        key: FakeAccessKey(
          id: try #require(vector["access_key_id"]?.string),
          secret: try #require(vector["secret_access_key"]?.string),
          sessionToken: vector["session_token"]?.string, account: "123456789012"),
        request: HTTPRequest(
          url: try #require(vector["url"]?.string), headers: headers,
          body: Array(try #require(vector["body"]?.string).utf8)))
    }
  }

  @Test("a request that botocore signed is accepted", arguments: try vectors())
  func acceptsBotocore(vector: Vector) {
    let aws = FakeAWS()
    aws.withCloud { $0.add(vector.key) }
    #expect(aws.handle(vector.request, at: start).status == 200)
  }

  @Test("a changed byte in body, header or key is refused", arguments: try vectors())
  func refusesTampering(vector: Vector) {
    let aws = FakeAWS()
    aws.withCloud { $0.add(vector.key) }
    var body = vector.request
    body.body.append(0x20)
    var header = vector.request
    header.headers[1].value += "x"
    var key = vector.key
    key.secret = SimulatedSecret(key.secret.text + "x")
    #expect(aws.handle(body, at: start).status != 200)
    #expect(aws.handle(header, at: start).status != 200)
    aws.withCloud { $0.add(key) }
    #expect(aws.handle(vector.request, at: start).status != 200)
  }

  @Test("a wrong secret is an invalid signature, and an unknown key is unrecognized")
  func wrongKeys() {
    var caller = FakeAWSCaller()
    caller.secret = "wrong"
    #expect(caller.acm("ListCertificates").code == "InvalidSignatureException")
    caller.keyID = "AKIDUNKNOWN"
    #expect(caller.acm("ListCertificates").code == "UnrecognizedClientException")
    #expect(caller.acm("ListCertificates").status == 400)
  }

  @Test("a session token is required exactly when the key has one")
  func tokens() {
    var caller = FakeAWSCaller()
    caller.token = "surplus"
    #expect(caller.acm("ListCertificates").code == "UnrecognizedClientException")
    caller.aws.withCloud {
      $0.add(
        FakeAccessKey(
          id: "ASIA1", secret: "s", sessionToken: "t", account: "123456789012",
          expiresAt: FakeAWSCaller.start + .hours(1)))
    }
    caller.keyID = "ASIA1"
    caller.secret = "s"
    #expect(caller.acm("ListCertificates").code == "UnrecognizedClientException")
    caller.token = "t"
    #expect(caller.acm("ListCertificates").status == 200)
    let end = start + .hours(1)
    #expect(caller.acm("ListCertificates", at: end - .milliseconds(1)).status == 200)
    #expect(caller.acm("ListCertificates", at: end).code == "ExpiredTokenException")
  }

  @Test("a clock five minutes off is accepted; a second more is refused with the server's date")
  func clockSkew() {
    let caller = FakeAWSCaller()
    let request = caller.signed(
      url: "https://acm.us-east-1.amazonaws.com/", service: "acm", region: "us-east-1",
      headers: [
        Header("Content-Type", "application/x-amz-json-1.1"),
        Header("X-Amz-Target", "CertificateManager.ListCertificates"),
      ], body: Array("{}".utf8), at: start)
    #expect(caller.aws.handle(request, at: start + .minutes(5)).status == 200)
    #expect(caller.aws.handle(request, at: start - .minutes(5)).status == 200)
    let late = caller.answer(caller.aws.handle(request, at: start + .seconds(301)))
    #expect(late.code == "InvalidSignatureException")
    #expect(
      late.message == "Signature expired: 20261123T213651Z is now earlier than "
        + "20261123T213652Z (20261123T214152Z - 5 min.)")
    #expect(late.response.header("date") == "Mon, 23 Nov 2026 21:41:52 GMT")
    let early = caller.answer(caller.aws.handle(request, at: start - .seconds(301)))
    #expect(early.message.hasPrefix("Signature not yet current: 20261123T213651Z"))
  }

  @Test("an AWS whose clock is ahead uses it for signatures and dates only")
  func clockOffset() throws {
    let scenario = try Scenario(parsing: #"{"clock_offset":600,"in_use_lag":1}"#.utf8)
    #expect(scenario.options.clockOffset == .minutes(10))
    let caller = FakeAWSCaller(FakeAWS(seed: 7, options: scenario.options))
    let late = caller.acm("ListCertificates")
    #expect(late.code == "InvalidSignatureException")
    #expect(late.response.header("date") == "Mon, 23 Nov 2026 21:46:51 GMT")
  }

  @Test("the scope must name the service and the region of the endpoint")
  func scope() {
    let caller = FakeAWSCaller()
    func answer(_ service: String, _ region: String) -> FakeAWSCaller.Answer {
      caller.answer(
        caller.aws.handle(
          caller.signed(
            url: "https://acm.us-east-1.amazonaws.com/", service: service, region: region,
            headers: [
              Header("Content-Type", "application/x-amz-json-1.1"),
              Header("X-Amz-Target", "CertificateManager.ListCertificates"),
            ], body: Array("{}".utf8), at: start), at: start))
    }
    #expect(answer("acm", "us-east-1").status == 200)
    #expect(
      answer("cognito-idp", "us-east-1").message
        == "Credential should be scoped to correct service: 'acm'. ")
    #expect(
      answer("acm", "eu-west-1").message == "Credential should be scoped to a valid region. ")
    #expect(answer("acm", "nowhere").code == "InvalidSignatureException")
  }

  @Test("an x-amz- header outside the signature, or a signed one that is missing, is refused")
  func signedHeaders() {
    let caller = FakeAWSCaller()
    var request = caller.signed(
      url: "https://acm.us-east-1.amazonaws.com/", service: "acm", region: "us-east-1",
      headers: [
        Header("Content-Type", "application/x-amz-json-1.1"), Header("X-Extra", "1"),
        Header("X-Amz-Target", "CertificateManager.ListCertificates"),
      ], body: Array("{}".utf8), at: start)
    #expect(caller.aws.handle(request, at: start).status == 200)
    request.headers.append(Header("X-Amz-Smuggled", "1"))
    #expect(
      caller.answer(caller.aws.handle(request, at: start)).message
        == "'x-amz-smuggled' must be a 'SignedHeader' in the AWS Authorization.")
    request.headers.removeAll { $0.name == "X-Amz-Smuggled" || $0.name == "X-Extra" }
    #expect(
      caller.answer(caller.aws.handle(request, at: start)).code == "InvalidSignatureException")
  }

  @Test("an unsigned request gets AWS's error")
  func malformed() {
    let caller = FakeAWSCaller()
    func answer(_ headers: [Header], body: String = "{}", method: String = "POST")
      -> FakeAWSCaller.Answer
    {
      caller.answer(
        caller.aws.handle(
          HTTPRequest(
            method: method, url: "http://127.0.0.1/", headers: headers, body: Array(body.utf8)),
          at: start))
    }
    let json = Header("Content-Type", "application/x-amz-json-1.1")
    let list = Header("X-Amz-Target", "CertificateManager.ListCertificates")
    #expect(answer([]).status == 404)
    #expect(answer([Header("Content-Type", "application/json"), list]).status == 404)
    #expect(answer([json, list], method: "GET").status == 404)
    #expect(answer([json]).code == "UnknownOperationException")
    #expect(
      answer([json, Header("X-Amz-Target", "Nonsense.X")]).code == "UnknownOperationException")
    #expect(answer([json, list]).code == "MissingAuthenticationTokenException")
    #expect(answer([json, list], body: "{").code == "SerializationException")
    #expect(answer([json, list], body: "[]").code == "SerializationException")
    for header in ["", "Basic x", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a/b"] {
      let answer = answer([json, list, Header("Authorization", header)])
      #expect(answer.code == "IncompleteSignatureException", "\(header)")
    }
    #expect(caller.acm("NoSuchOperation").code == "UnknownOperationException")
  }

  @Test("descriptions and dumps show no secret")
  func secretsAreHidden() {
    let key = FakeAccessKey(id: "AKID", secret: "hush", sessionToken: "hush", account: "1")
    var dumped = ""
    dump(key, to: &dumped)
    #expect(!"\(key)\(String(reflecting: key))\(dumped)".contains("hush"))
    #expect("\(key.secret)" == "‹redacted›")
  }
}
