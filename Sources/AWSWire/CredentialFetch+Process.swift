import LosslessJSON
import POSIX
import RolloutCore

/// Keys that a program prints.
extension CredentialFetch {
  static let processLimits = Subprocess.Limits(
    // A program may ask another service, but a person cannot answer it.
    time: .seconds(60),
    // The keys have two thousand bytes.
    output: 64 << 10,
    // The end of what it wrote to its standard error usually says why it failed.
    errors: 1 << 10)
  /// The characters of the standard error that a message shows.
  private static let shownErrors = 500

  func keys(printedBy process: CredentialProcess) async throws(Failure) -> Credentials {
    let result = await Subprocess(
      process.arguments, environment: inherited, limits: CredentialFetch.processLimits
    ).run(uptime: { [clock = client.clock] in clock.uptime })
    client.answered(nil)
    // Even what a failed program has printed may be a secret, and its standard error may repeat it.
    let printed = try? JSONValue(parsing: result.output)
    var secrets: [Secret] = []
    for member in printed?.members ?? [] {
      if let text = member.value.string { secrets.append(Secret(text)) }
    }
    func failed(_ what: String) -> Failure {
      failure(process.place, "the program \(what)\(said(result.errors, hiding: secrets))")
    }
    switch result.ending {
    case .exited(0): break
    case .exited(let status): throw failed("ended with status \(status)")
    case .signalled(let signal): throw failed("was ended by signal \(signal)")
    case .timedOut:
      let seconds = CredentialFetch.processLimits.time.components.seconds
      throw failed("did not end within \(seconds) seconds and was killed")
    case .outputTooLarge:
      throw failed(
        "printed more than \(CredentialFetch.processLimits.output >> 10) KiB and was killed")
    case .cancelled: throw failed("was killed because the daemon stops")
    case .cannotStart(let cause): throw failed("cannot be started: \(cause)")
    }
    guard let printed, printed.members != nil else {
      throw failed("did not print a JSON object with keys")
    }
    do throws(Failure) {
      let keys = try keys(in: printed, token: "SessionToken", process.place)
      guard printed["Version"]?.double == 1 else {
        throw failed("printed keys of another version than 1, or without Version")
      }
      return keys
    } catch {
      throw failure(process.place, error.message)
    }
  }

  /// The daemon's own, without what speaks for it to systemd.
  private var inherited: [String: String] {
    environment.values.filter { name, _ in
      !["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"].contains(name)
    }
  }

  /// The end of what the program wrote to its standard error.
  private func said(_ errors: [UInt8], hiding secrets: [Secret]) -> String {
    // The first line may have lost its beginning, and with it the mark of a secret.
    let isCut = errors.count >= CredentialFetch.processLimits.errors
    let whole = isCut ? errors.drop { $0 != UInt8(ascii: "\n") } : errors[...]
    if whole.allSatisfy({ $0 <= 0x20 }) { return "" }
    let text = SafeMessage.text(String(decoding: whole, as: UTF8.self), hiding: secrets)
    let shown = CredentialFetch.shownErrors
    return "; its standard error: " + (text.count > shown ? "…" + text.suffix(shown) : text)
  }
}
