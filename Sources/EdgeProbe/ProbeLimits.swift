/// The limits of a probe.
package struct ProbeLimits: Equatable, Sendable {
  /// The time to resolve a name. glibc's resolver tries the next server after 5 s.
  package var resolve: Duration
  /// The time to connect. Edges are near; one that takes longer than this is of no use to users.
  package var connect: Duration
  /// The time for the TLS handshake after the TCP connection.
  package var handshake: Duration
  /// The addresses that are probed for one domain. CloudFront has 4 of IPv4 and 8 of IPv6.
  package var addresses: Int
  /// The names and addresses that are probed concurrently.
  package var concurrency: Int

  package init(
    resolve: Duration = .seconds(5), connect: Duration = .seconds(5),
    handshake: Duration = .seconds(5), addresses: Int = 64, concurrency: Int = 16
  ) {
    self.resolve = resolve
    self.connect = connect
    self.handshake = handshake
    self.addresses = addresses
    self.concurrency = concurrency
  }
}
