import LosslessJSON
import POSIX
import Redaction
import RolloutCore
import Transport

/// Gets new keys by a recipe, from STS, a program, a container's platform or the instance.
///
/// Every failure has the kind `credentials`, says what was asked, and shows no secret.
struct CredentialFetch: Sendable {
  let client: JSONClient
  let environment: Variables

  func keys(by recipe: CredentialRecipe) async throws(Failure) -> Credentials {
    switch recipe {
    case .fixed(let keys): return keys
    case .role(let role, let source): return try await keys(of: role, with: source)
    case .webIdentity(let identity): return try await keys(of: identity, recipe.origin)
    case .process(let process): return try await keys(printedBy: process)
    case .container(let endpoint): return try await keys(of: endpoint, recipe.origin)
    case .instanceMetadata(let metadata): return try await keys(of: metadata, recipe.origin)
    }
  }

  func failure(_ object: String, _ message: String) -> Failure {
    Failure(.credentials, operation: "credentials", object: object, message: message)
  }

  // MARK: Files

  /// In bytes. Tokens have one or two thousand.
  private static let maximumToken = 16 << 10

  /// A token from a file, without white space around it.
  func token(in path: String, for object: String) throws(Failure) -> Secret {
    let bytes: [UInt8]
    do throws(RegularFile.Failure) {
      bytes = try RegularFile.read(path, limit: CredentialFetch.maximumToken)
    } catch {
      throw failure(object, "the token file \(path) \(CredentialFetch.words(for: error))")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure(object, "the token file \(path) is not UTF-8: it has another content")
    }
    let isSpace: (Character) -> Bool = { $0.isWhitespace }
    let start = text.drop(while: isSpace)
    let end = start.lastIndex { !isSpace($0) }.map { start.index(after: $0) } ?? start.startIndex
    let token = String(start[..<end])
    Redaction.learn(secret: token, isTemporary: true)
    if token.isEmpty { throw failure(object, "the token file \(path) is empty") }
    guard isPrintable(token) else {
      throw failure(
        object, "the token file \(path) contains a space or a character beyond ASCII in the token")
    }
    return Secret(token)
  }

  private static func words(for failure: RegularFile.Failure) -> String {
    switch failure {
    case .invalidPath: "is not a valid path"
    case .isDirectory, .isSpecial: "is not a regular file"
    case .isLarger: "is over \(maximumToken >> 10) KiB"
    case .cannotOpen(let cause): "cannot be opened: \(cause)"
    case .cannotRead(let cause): "cannot be read: \(cause)"
    }
  }

  // MARK: Answers of the platform

  static let platformAttempts = 3
  /// The service is on this machine or beside it.
  private static let platformConnectTimeout = Duration.seconds(1)
  private static let platformTimeout = Duration.seconds(2)
  /// In bytes. An answer has one or two thousand.
  private static let maximumPlatformAnswer = 64 << 10

  /// The answer of a service of the platform, whatever its status is. It goes through no proxy.
  func platformAnswer(
    _ method: String, _ url: String, _ headers: [Header], for object: String
  ) async throws(Failure) -> HTTPResponse {
    let request = HTTPRequest(
      method: method, url: url, headers: headers, timeout: CredentialFetch.platformTimeout,
      connectTimeout: CredentialFetch.platformConnectTimeout,
      maximumBodySize: CredentialFetch.maximumPlatformAnswer, usesProxy: false)
    var attempt = 1
    while true {
      let result: Result<HTTPResponse, TransportError>
      do throws(TransportError) {
        result = .success(try await client.transport.send(request))
      } catch {
        result = .failure(error)
      }
      client.answered(nil)
      switch result {
      case .success(let response) where response.status < 500 && response.status != 429:
        return response
      case .success(let response) where attempt == CredentialFetch.platformAttempts:
        throw failure(object, refusal(response, of: "\(method) \(url)"))
      case .failure(let error)
      where attempt == CredentialFetch.platformAttempts || Task.isCancelled:
        throw failure(
          object,
          "\(method) \(url) got no answer: \(SafeMessage.local(error.words, hiding: []))")
      case .success, .failure:
        await client.clock.sleep(for: client.delay(afterAttempt: attempt))
        attempt += 1
      }
    }
  }

  /// What an answer with another status than 2xx says.
  func refusal(_ response: HTTPResponse, of request: String) -> String {
    let error = ErrorAnswer(reading: response, hiding: [])
    let code = error.code.map { "\($0): " } ?? ""
    return "\(request) was answered with HTTP \(response.status): \(code)\(error.message)"
  }

  /// Keys in the form in which the platform gives them.
  func platformKeys(in response: HTTPResponse, _ object: String) throws(Failure) -> Credentials {
    guard response.status == 200 else {
      throw failure(object, refusal(response, of: "the request"))
    }
    let members = try members(of: response.body, object) {
      ErrorAnswer.describeUnexpectedBody(of: response, problem: $0)
    }
    if let code = members["Code"]?.string, code != "Success" {
      let message = members["Message"]?.string ?? "no message"
      throw failure(
        object, SafeMessage.text("the platform has no keys: \(code): \(message)", hiding: []))
    }
    return try keys(in: members, token: "Token", object)
  }

  // MARK: Keys in JSON

  func members(
    of body: [UInt8], _ object: String, _ describe: (JSONError?) -> String
  ) throws(Failure) -> JSONValue {
    do throws(JSONError) {
      let value = try JSONValue(parsing: body)
      if value.members != nil { return value }
    } catch {
      throw failure(object, describe(error))
    }
    throw failure(object, describe(nil))
  }

  /// - Parameter token: the name of the member with the session token.
  func keys(
    in members: JSONValue, token: String, _ object: String
  ) throws(Failure) -> Credentials {
    // Before anything is said about them.
    for name in ["AccessKeyId", "SecretAccessKey", token] {
      if let secret = members[name]?.string { Redaction.learn(secret: secret, isTemporary: true) }
    }
    func required(_ name: String) throws(Failure) -> String {
      guard let text = members[name]?.string, !text.isEmpty else {
        throw failure(object, "the answer has no \(name)")
      }
      return text
    }
    var read = ReadKeys(
      key: try required("AccessKeyId"), secret: try required("SecretAccessKey"),
      token: members[token]?.string.flatMap { $0.isEmpty ? nil : $0 })
    if let value = members["Expiration"], value != .null {
      guard let end = AnswerTime.instant(value) else {
        throw failure(object, "the Expiration in the answer is not a time")
      }
      read.expiration = end
    }
    do throws(CredentialProblem) {
      return try read.credentials(origin: object)
    } catch {
      throw failure(object, error.description)
    }
  }
}

extension TransportError {
  /// What happened, for people.
  var words: String {
    switch self {
    case .notSent(let words), .answerLost(let words), .timedOut(let words, _): words
    case .tooLarge(let limit): "the answer is over \(limit) bytes"
    }
  }
}
