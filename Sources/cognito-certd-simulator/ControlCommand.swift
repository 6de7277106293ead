import ArgumentParser
import Transport

/// Changes the world of a simulator that runs, for machines without an HTTP client at hand.
struct ControlCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control",
    abstract: "Send a command to a simulator that runs, and print its answer.",
    discussion: "Commands and their arguments: docs/simulator.md.")

  @Argument(help: "The simulator's endpoint: http://127.0.0.1:PORT.")
  var endpoint: String

  @Argument(help: "The command: issue, renew, attach, fault, calls, …")
  var command: String

  @Argument(help: "Its arguments, a JSON object.")
  var arguments = "{}"

  func run() async throws {
    let transport = CurlTransport()
    let request = HTTPRequest(
      url: "\(endpoint)/_simulator/\(command)",
      headers: [Header("Content-Type", "application/json")], body: Array(arguments.utf8))
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await transport.send(request)
    } catch {
      throw ValidationError("no answer from \(endpoint): \(error)")
    }
    print(String(decoding: response.body, as: UTF8.self))
    await transport.shutDown()
    if response.status != 200 { throw ExitCode(1) }
  }
}
