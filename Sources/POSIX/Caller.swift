import Glibc

/// The person who runs this process.
package enum Caller {
  /// The account that `sudo` was called from, where the process is root's; otherwise the name of the
  /// real user id or, without an entry for it, its number.
  package static func name(environment: [String: String]) -> String {
    let user = getuid()
    return name(user: user, sudoUser: environment["SUDO_USER"], account: accountName(of: user))
  }

  /// `SUDO_USER` counts for root alone: anyone can set a variable.
  package static func name(user: UInt32, sudoUser: String?, account: String?) -> String {
    if user == 0, let sudoUser, !sudoUser.isEmpty { return sudoUser }
    return account ?? String(user)
  }

  /// Bytes for one entry of the table of accounts; a name service may have long ones.
  private static let entrySize = 16 << 10

  private static func accountName(of user: uid_t) -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: entrySize) { buffer in
      guard let start = buffer.baseAddress,
        getpwuid_r(user, &entry, start, buffer.count, &found) == 0, found != nil,
        let name = entry.pw_name
      else { return nil }
      return String(cString: name)
    }
  }
}
