import POSIX
import Reconciliation
package import RolloutCore

/// The AWS accounts that identities turned out to be of.
struct AccountNumbers: Sendable {
  private struct Entry {
    /// The key that it was asked with: another one may be of another account.
    let accessKeyID: Secret
    /// nil: it could not be found out.
    let number: String?
    /// Uptime.
    let askedAt: Duration
  }

  private let entries = Guarded<[Identity: Entry]>([:])

  /// How long a failure is remembered. The number saves requests and is not worth many.
  private static let pauseAfterFailure = Duration.hours(1)

  func number(of identity: Identity) -> String? {
    identity.roleAccount ?? entries.withLock { $0[identity]?.number }
  }

  /// What was found out with this key; nil: it is to be asked for.
  fileprivate func found(
    _ identity: Identity, with accessKeyID: Secret, at uptime: Duration
  ) -> String?? {
    entries.withLock { entries in
      guard let entry = entries[identity], entry.accessKeyID == accessKeyID,
        entry.number != nil || uptime - entry.askedAt < AccountNumbers.pauseAfterFailure
      else { return nil }
      return .some(entry.number)
    }
  }

  fileprivate func note(
    _ number: String?, of identity: Identity, with accessKeyID: Secret, at uptime: Duration
  ) {
    entries.withLock {
      $0[identity] = Entry(accessKeyID: accessKeyID, number: number, askedAt: uptime)
    }
  }
}

extension Identity {
  /// A role is of the account that its ARN names: `arn:aws:iam::ACCOUNT:role/NAME`.
  fileprivate var roleAccount: String? {
    guard let roleARN else { return nil }
    let parts = roleARN.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count >= 6 ? String(parts[4]) : nil
  }
}

extension AWSClient: CredentialPort {
  package func refreshCredentials() async { await client.credentials.refresh() }

  package func account(of identity: Identity) async -> String? {
    if let number = identity.roleAccount { return number }
    let key: Secret
    do throws(Failure) {
      key = try await client.credentials.credentials(for: identity).accessKeyID
    } catch {
      // The list, which needs the credentials as well, reports it.
      return nil
    }
    if let found = accounts.found(identity, with: key, at: uptime()) { return found }
    let look = await client.within(AWSClient.maximumAccountTime) {
      await callerIdentity(as: identity)
    }
    let number = look?.value?.account
    accounts.note(number, of: identity, with: key, at: uptime())
    return number
  }

  /// A list does not wait longer for the number of its account.
  private static let maximumAccountTime = Duration.seconds(3)
}
