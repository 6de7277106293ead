import AWSWire
import RolloutCore
import SimulatedAWS
import Transport

extension World {
  /// The daemon's own client, on the virtual clock.
  func client(_ transport: any HTTPTransport) throws(MalformedEndpoint) -> AWSClient {
    AWSClient(
      transport: transport,
      credentials: CredentialCache(
        source: CredentialChain(
          environment: [
            "AWS_SHARED_CREDENTIALS_FILE": credentialsPath,
            "AWS_CONFIG_FILE": directory + "/none",
          ])),
      endpoints: try Endpoints(), clock: VirtualCallClock(clock: clock))
  }
}

/// Waits between the attempts of one call: time passes and nothing else.
private struct VirtualCallClock: WireClock {
  let clock: VirtualClock

  var now: Instant { clock.now }
  func random() -> UInt64 { clock.random() }
  func sleep(for duration: Duration) async { clock.advance(duration) }
}
