import POSIX

/// Reads the roots of each file once, because the system's take 18 ms. A file that was replaced or
/// written since is read again, so that a new root takes effect without a restart.
final class TrustRootsCache: Sendable {
  private let entries = Guarded<[String: Entry]>([:])

  private struct Entry {
    let identity: FileIdentity?
    let roots: TrustRoots
  }

  /// The files that are kept in memory. A fleet uses one or two. When there are more, all of them are
  /// read again.
  private static let maximumEntries = 64

  /// The roots in the file, or the system's for nil. A failure is not kept: the file may be readable
  /// next time.
  func roots(caFile: String?) throws(EdgeProbeError) -> TrustRoots {
    let path = caFile ?? TrustRoots.systemFile
    // The lock covers the read as well, so that two threads do not read the same file.
    return try entries.withLock { (entries) throws(EdgeProbeError) in
      // Taken before the file is read, so that a change in between is noticed next time.
      let identity = FileIdentity(of: path)
      let key = caFile ?? ""
      if let entry = entries[key], entry.identity == identity { return entry.roots }
      let roots =
        if let caFile {
          try TrustRoots.reading(file: caFile)
        } else {
          try TrustRoots.system()
        }
      if entries.count >= TrustRootsCache.maximumEntries { entries.removeAll() }
      entries[key] = Entry(identity: identity, roots: roots)
      return roots
    }
  }
}
