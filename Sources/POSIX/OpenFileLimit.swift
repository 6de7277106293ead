import Glibc

/// The number of files and sockets that this process may have open.
package enum OpenFileLimit {
  /// Raises the soft limit to the hard one. The usual soft limit of 1,024 is too low for a fleet of
  /// which many requests hang at the same time. Where it cannot be raised, it stays.
  package static func raise() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = min(limit.rlim_max, enough)
    _ = setrlimit(resource, &limit)
  }

  /// More than all connections of the largest fleet.
  private static let enough: rlim_t = 65_536
}
