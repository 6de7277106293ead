import POSIX
import RolloutCore

/// When imported certificates were first imported, as far as this daemon saw: ACM gives some of them
/// no CreatedAt, and remembers the last import alone.
final class ImportDates: Sendable {
  private struct Dates {
    var known: [CertificateARN: Instant] = [:]
    /// Those that are not on disk yet.
    var unwritten: [CertificateARN: Instant] = [:]
  }

  private let dates = Guarded(Dates())

  /// Takes over what the state file holds.
  func load(_ stored: [CertificateARN: Instant]) {
    dates.withLock { $0.known.merge(stored) { min($0, $1) } }
  }

  /// The certificate with the date of its first import.
  func dated(_ certificate: Certificate) -> Certificate {
    guard certificate.createdAt == nil, let importedAt = certificate.importedAt else {
      return certificate
    }
    var certificate = certificate
    certificate.firstImportedAt = dates.withLock { dates in
      if let known = dates.known[certificate.arn], known <= importedAt { return known }
      dates.known[certificate.arn] = importedAt
      dates.unwritten[certificate.arn] = importedAt
      return importedAt
    }
    return certificate
  }

  /// What a commit must write.
  var unwritten: [CertificateARN: Instant] { dates.withLock { $0.unwritten } }

  /// A commit has written these.
  func noteWritten(_ written: [CertificateARN: Instant]) {
    dates.withLock { dates in
      for (arn, date) in written where dates.unwritten[arn] == date { dates.unwritten[arn] = nil }
    }
  }
}
