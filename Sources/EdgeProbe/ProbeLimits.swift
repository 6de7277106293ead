/// How long and how much a probe may take.
package struct ProbeLimits: Equatable, Sendable {
  /// For a name to resolve. glibc's resolver gives up on one silent server after 5 s.
  package var resolve: Duration
  /// For TCP. An edge is near by nature: one that takes longer than this is no use to users.
  package var connect: Duration
  /// For TLS, once TCP stands.
  package var handshake: Duration
  /// Addresses looked at for one domain. CloudFront answers with 4 of IPv4 and 8 of IPv6.
  package var addresses: Int
  /// Names and addresses looked at side by side.
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
