import POSIX
import Reconciliation
package import RolloutCore

/// The AWS accounts that identities turned out to be of.
struct AccountNumbers: Sendable {
  private struct Entry {
    /// Where the keys came from when it was asked for: another source may be of another account.
    let recipe: CredentialRecipe
    /// nil: it could not be found out.
    let number: String?
    /// Uptime.
    let askedAt: Duration
  }

  private let entries = Guarded<[Identity: Entry]>([:])

  /// How long a failure is remembered. The number saves requests and is not worth many.
  private static let pauseAfterFailure = Duration.minutes(15)

  func number(of identity: Identity) -> String? { entries.withLock { $0[identity]?.number } }

  /// What was found out with keys of this source; nil: it is to be asked for.
  fileprivate func found(
    _ identity: Identity, with recipe: CredentialRecipe, at uptime: Duration
  ) -> String?? {
    entries.withLock { entries in
      guard let entry = entries[identity], entry.recipe == recipe,
        entry.number != nil || uptime - entry.askedAt < AccountNumbers.pauseAfterFailure
      else { return nil }
      return .some(entry.number)
    }
  }

  func note(
    _ number: String?, of identity: Identity, with recipe: CredentialRecipe, at uptime: Duration
  ) {
    entries.withLock { $0[identity] = Entry(recipe: recipe, number: number, askedAt: uptime) }
  }
}

extension CredentialRecipe {
  /// The account of a role, which its ARN names: `arn:aws:iam::ACCOUNT:role/NAME`. nil for other keys,
  /// which do not tell.
  fileprivate var account: String? {
    let arn: String
    switch self {
    case .role(let role, _): arn = role.arn
    case .webIdentity(let identity): arn = identity.arn
    case .fixed, .process, .container, .instanceMetadata: return nil
    }
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count >= 6 ? String(parts[4]) : nil
  }
}

extension AWSClient: CredentialPort {
  package func refreshCredentials() async {
    client.credentials.refresh()
    client.endpoints.lookAgain()
  }

  package func account(of identity: Identity) async -> String? {
    let recipe: CredentialRecipe
    do throws(CredentialProblem) {
      recipe = try client.credentials.recipe(for: identity, at: uptime())
    } catch {
      // The list, which needs the credentials as well, reports it.
      return nil
    }
    if let found = accounts.found(identity, with: recipe, at: uptime()) { return found }
    if let number = recipe.account {
      accounts.note(number, of: identity, with: recipe, at: uptime())
      return number
    }
    let look = await callerIdentity(as: identity, timeout: AWSClient.maximumAccountTime)
    // Without keys nothing was asked.
    if look.failure?.kind == .credentials { return nil }
    accounts.note(look.value?.account, of: identity, with: recipe, at: uptime())
    return look.value?.account
  }

  /// A list does not wait longer for the number of its account.
  private static let maximumAccountTime = Duration.seconds(3)
}
