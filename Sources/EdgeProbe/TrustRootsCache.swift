import POSIX

/// The roots of each file, read once: the system's take 18 ms. A file that was replaced or
/// written to since is read again, so that a new root counts without a restart.
final class TrustRootsCache: Sendable {
  private let entries = Guarded<[String: Entry]>([:])

  private struct Entry {
    let identity: FileIdentity?
    let roots: TrustRoots
  }

  /// Files kept in memory. A fleet has one or two; a configuration that is changed often
  /// enough to pass this has the rest read again.
  private static let maximumEntries = 64

  /// The roots in the file, nil naming the system's. A failure is not kept: the file may be
  /// there next time.
  func roots(caFile: String?) throws(StepFailure) -> TrustRoots {
    let path = caFile ?? TrustRoots.systemFile
    // Two threads that come at once would both read it, hence the lock around all of it.
    return try entries.withLock { (entries) throws(StepFailure) in
      // Looked at before the file is read, so that a change in between is seen next time.
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
