/// Every reason code of the program: what `status` and the log show, and what scripts
/// may match.
///
/// A code that another version wrote to the state file is kept as `other` and shown as it is.
package enum Reason: OpenWord {
  // A candidate failed a check, or was passed over.
  case notIssued, managedByCloudFront, wrongRegion, privateOrSelfSigned, unsupportedKey
  case nameNotCovered, notYetValid, expired, expiresTooSoon, soaking, notSelected, chainUntrusted
  case notNewer, sameLeaf, notPreferred, setAside, notAsked

  // The attached or the pinned certificate is gone.
  case deleted

  // The domain could not be described, or not usefully.
  case notLookedAt, noCertificate, emptyDescription

  // A decision waits for something.
  case held, observeMode, domainUpdating, waitsForWave, answerLost
  case waveStopped, waveSoaking, waitsForSlot

  // The domain is at rest and something about it is worth showing.
  case drifted, domainStatus, renewalUnserved, edgesRefusing, resolvesElsewhere
  case rolledBack, cannotRollBack

  // A request to AWS failed and will be tried again.
  case unreachable, serverError, malformedAnswer, throttled, conflict, credentials, notReady

  // The API refuses the certificate or the domain.
  case certificateRejected, domainNotInPool, parentDomainUnresolved, settingsRejected
  case cnameInUse, dnsPointsElsewhere
  case accessDenied, quotaExceeded, notFound, featureUnavailable, invalidRequest
  case updateNotKept, domainFailed

  // A defect of this program.
  case planReview

  case other(String)

  package static let known: [Reason] = [
    .notIssued, .managedByCloudFront, .wrongRegion, .privateOrSelfSigned, .unsupportedKey,
    .nameNotCovered, .notYetValid, .expired, .expiresTooSoon, .soaking, .notSelected,
    .chainUntrusted, .notNewer, .sameLeaf, .notPreferred, .setAside, .notAsked, .deleted,
    .notLookedAt, .noCertificate,
    .emptyDescription, .held, .observeMode, .domainUpdating, .waitsForWave, .waveStopped,
    .waveSoaking,
    .waitsForSlot, .answerLost, .drifted, .rolledBack, .cannotRollBack,
    .domainStatus, .renewalUnserved, .edgesRefusing, .resolvesElsewhere, .unreachable, .serverError,
    .malformedAnswer, .throttled,
    .conflict, .credentials, .notReady, .certificateRejected, .domainNotInPool,
    .parentDomainUnresolved, .settingsRejected, .cnameInUse, .dnsPointsElsewhere, .accessDenied,
    .quotaExceeded, .notFound, .featureUnavailable, .invalidRequest, .updateNotKept,
    .domainFailed, .planReview,
  ]

  /// The code.
  package var word: String {
    switch self {
    case .notIssued: "not_issued"
    case .managedByCloudFront: "managed_by_cloudfront"
    case .wrongRegion: "wrong_region"
    case .privateOrSelfSigned: "private_or_self_signed"
    case .unsupportedKey: "unsupported_key"
    case .nameNotCovered: "name_not_covered"
    case .notYetValid: "not_yet_valid"
    case .expired: "expired"
    case .expiresTooSoon: "expires_too_soon"
    case .soaking: "soaking"
    case .notSelected: "not_selected"
    case .chainUntrusted: "chain_untrusted"
    case .notNewer: "not_newer"
    case .sameLeaf: "same_leaf"
    case .notPreferred: "not_preferred"
    case .setAside: "set_aside"
    case .notAsked: "not_asked"
    case .deleted: "deleted"
    case .notLookedAt: "not_looked_at"
    case .noCertificate: "no_certificate"
    case .emptyDescription: "empty_description"
    case .held: "held"
    case .observeMode: "observe_mode"
    case .domainUpdating: "domain_updating"
    case .waitsForWave: "waits_for_wave"
    case .waveStopped: "wave_stopped"
    case .waveSoaking: "wave_soaking"
    case .waitsForSlot: "waits_for_slot"
    case .answerLost: "answer_lost"
    case .drifted: "drifted"
    case .domainStatus: "domain_status"
    case .renewalUnserved: "renewal_unserved"
    case .edgesRefusing: "edges_refusing"
    case .resolvesElsewhere: "resolves_elsewhere"
    case .rolledBack: "rolled_back"
    case .cannotRollBack: "cannot_roll_back"
    case .unreachable: "unreachable"
    case .serverError: "server_error"
    case .malformedAnswer: "malformed_answer"
    case .throttled: "throttled"
    case .conflict: "conflict"
    case .credentials: "credentials"
    case .notReady: "not_ready"
    case .certificateRejected: "certificate_rejected"
    case .domainNotInPool: "domain_not_in_pool"
    case .parentDomainUnresolved: "parent_domain_unresolved"
    case .settingsRejected: "settings_rejected"
    case .cnameInUse: "cname_in_use"
    case .dnsPointsElsewhere: "dns_points_elsewhere"
    case .accessDenied: "access_denied"
    case .quotaExceeded: "quota_exceeded"
    case .notFound: "not_found"
    case .featureUnavailable: "feature_unavailable"
    case .invalidRequest: "invalid_request"
    case .updateNotKept: "update_not_kept"
    case .domainFailed: "domain_failed"
    case .planReview: "plan_review"
    case .other(let word): word
    }
  }

  /// What the code means, as one sentence without the facts of a case.
  package var sentence: String {
    switch self {
    case .notIssued: "the certificate is not in the status ISSUED"
    case .managedByCloudFront: "the certificate is managed by another AWS service"
    case .wrongRegion: "the certificate is not in us-east-1"
    case .privateOrSelfSigned: "the certificate has no public root"
    case .unsupportedKey: "CloudFront does not serve the certificate's key algorithm"
    case .nameNotCovered: "the certificate does not cover the domain"
    case .notYetValid: "the certificate is not valid yet"
    case .expired: "the certificate has expired"
    case .expiresTooSoon: "the certificate has less validity left than min_remaining"
    case .soaking: "the certificate is younger than soak"
    case .notSelected: "the mapping's certificate rule does not select the certificate"
    case .chainUntrusted: "the certificate's chain does not lead to a trusted root"
    case .notNewer: "the certificate is not newer than the attached one"
    case .sameLeaf: "the certificate has the same leaf as the attached one"
    case .notPreferred: "another eligible certificate is preferred"
    case .setAside: "someone attached another certificate in its place"
    case .notAsked: "AWS was not asked for all that this depends on"
    case .deleted: "ACM no longer has the certificate"
    case .notLookedAt: "the domain has not been looked at yet"
    case .noCertificate: "Cognito names no certificate for the domain"
    case .emptyDescription: "Cognito knows no such domain in this account and region"
    case .held: "an operator holds the domain"
    case .observeMode: "the mode is observe, so nothing is changed"
    case .domainUpdating: "Cognito is still working on an earlier change of the domain"
    case .waitsForWave: "a domain of a lower wave is not settled"
    case .waveStopped: "too many rollouts of the wave, or of a lower one, have failed"
    case .waveSoaking: "the lower wave was proven less than wave_soak ago"
    case .waitsForSlot: "max_in_flight rollouts are under way"
    case .answerLost: "the request was sent and no answer came"
    case .drifted: "someone else attached another certificate"
    case .domainStatus: "Cognito shows a status other than ACTIVE"
    case .renewalUnserved: "an edge still serves the leaf from before the renewal"
    case .edgesRefusing: "an edge refuses the TLS handshake for the domain"
    case .resolvesElsewhere: "the domain resolves to an address that is not of its distribution"
    case .rolledBack:
      "edges did not serve the certificate, and the one before it was attached again"
    case .cannotRollBack: "the previous certificate cannot be attached again"
    case .unreachable: "the service could not be reached"
    case .serverError: "the service answered with a server error"
    case .malformedAnswer: "the answer could not be read"
    case .throttled: "the service throttles requests"
    case .conflict: "another writer changes the domain"
    case .credentials: "AWS does not accept the credentials, or there are none"
    case .notReady: "the certificate is not issued yet"
    case .certificateRejected: "Cognito refuses the certificate"
    case .domainNotInPool: "the domain does not belong to the user pool"
    case .parentDomainUnresolved: "the parent domain has no A record"
    case .settingsRejected: "Cognito refuses the settings that it described"
    case .cnameInUse:
      "another CloudFront distribution has the domain as its alternate name (CNAME): remove it there"
    case .dnsPointsElsewhere:
      "the domain's DNS record points to another CloudFront distribution: point it to the domain's own"
    case .accessDenied: "the identity lacks a permission"
    case .quotaExceeded: "a quota is exhausted"
    case .notFound: "AWS does not find the object"
    case .featureUnavailable: "the user pool's plan does not allow it"
    case .invalidRequest: "Cognito refuses the request"
    case .updateNotKept: "Cognito accepted the update and did not keep it"
    case .domainFailed: "Cognito shows FAILED for the domain"
    case .planReview: "the review found a defect in a planned call"
    case .other(let word): word
    }
  }
}

/// A reason together with the facts of one case.
package struct Explanation: Hashable, Sendable, CustomStringConvertible {
  package var reason: Reason
  /// The facts, in a few words; may be empty.
  package var detail: String

  package init(_ reason: Reason, _ detail: String = "") {
    self.reason = reason
    self.detail = detail
  }

  package init(_ failure: Failure) {
    self.init(failure.kind.reason, failure.description)
  }

  /// `code: facts`.
  package var description: String {
    "\(reason.word): \(detail.isEmpty ? reason.sentence : detail)"
  }

  /// Whether both say the same of the same object: times, counts and durations inside the facts
  /// do not make a difference.
  package func isSameTrouble(as other: Explanation?) -> Bool {
    guard let other, reason == other.reason else { return false }
    return detail == other.detail || detail.maskingDigits == other.detail.maskingDigits
  }
}

extension String {
  /// The text with each number replaced by `#`. A word that begins with a letter, such as a
  /// domain or an ARN, is a name, and its digits stay.
  package var maskingDigits: String {
    var masked = ""
    var isInWord = false
    var isInName = false
    var isInNumber = false
    for character in self {
      let isDigit = character >= "0" && character <= "9"
      let isInside = isDigit || character.isLetter || "-_.:/".contains(character)
      if !isInside || !isInWord { isInName = isInside && character.isLetter }
      isInWord = isInside
      if isInName || !(isDigit || (isInNumber && character == ".")) {
        masked.append(character)
        isInNumber = false
      } else if !isInNumber {
        masked.append("#")
        isInNumber = true
      }
    }
    return masked
  }
}
