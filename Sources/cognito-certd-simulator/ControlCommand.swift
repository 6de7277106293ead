import ArgumentParser
import POSIX
import Transport

/// Sends a command to a running simulator, for machines without an HTTP client.
struct ControlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control",
    abstract: "Send a command to a running simulator, and print its answer.",
    discussion: "docs/simulator.md describes the commands and their arguments.")

  @Argument(help: "The simulator's endpoint: http://127.0.0.1:PORT.")
  var endpoint: String

  @Argument(help: "The command: issue, renew, attach, fault, set_role, calls, …")
  var command: String

  @Argument(help: "The arguments of the command, a JSON object.")
  var arguments = "{}"

  /// Waits on the main thread. An asynchronous main would start threads before `serve` can block its
  /// signals in them.
  func run() throws {
    let request = HTTPRequest(
      url: "\(endpoint)/_simulator/\(command)",
      headers: [Header("Content-Type", "application/json")], body: Array(arguments.utf8))
    let answer = Guarded<Result<HTTPResponse, TransportError>?>(nil)
    Task {
      let transport = CurlTransport()
      let result: Result<HTTPResponse, TransportError>
      do throws(TransportError) {
        result = .success(try await transport.send(request))
      } catch {
        result = .failure(error)
      }
      await transport.shutDown()
      answer.withLock { $0 = result }
    }
    answer.wait { $0 != nil }
    switch answer.withLock({ $0 }) {
    case .success(let response):
      print(String(decoding: response.body, as: UTF8.self))
      if response.status != 200 { throw ExitCode(1) }
    case .failure(let error):
      throw ValidationError("no answer from \(endpoint): \(error)")
    case nil: throw ExitCode(1)
    }
  }
}
