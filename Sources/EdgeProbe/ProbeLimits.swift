/// The limits of a probe.
package struct ProbeLimits: Equatable, Sendable {
  /// The time to resolve a name. It outlasts a resolver that asks its second name server after 5 s,
  /// or after 10 s with `options timeout:10`.
  package var resolve: Duration
  /// The time to connect. Edges are near; one that takes longer than this is of no use to users.
  package var connect: Duration
  /// The time for the TLS handshake after the TCP connection.
  package var handshake: Duration
  /// The addresses that are probed for one domain. CloudFront has 4 of IPv4 and 8 of IPv6.
  package var addresses: Int
  /// The addresses of one domain that are probed concurrently. Domains do not wait for each other.
  package var concurrency: Int
  /// The lookups of all domains that run concurrently. Each occupies a thread.
  package var lookups: Int

  package init(
    resolve: Duration = .seconds(20), connect: Duration = .seconds(5),
    handshake: Duration = .seconds(5), addresses: Int = 64, concurrency: Int = 16,
    lookups: Int = 1000
  ) {
    self.resolve = resolve
    self.connect = connect
    self.handshake = handshake
    self.addresses = addresses
    self.concurrency = concurrency
    self.lookups = lookups
  }
}
