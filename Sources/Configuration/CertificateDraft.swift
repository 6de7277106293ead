internal import RolloutCore

/// One `certificate` section, before it is merged with that of `defaults`.
struct CertificateDraft {
  /// nil when the section is absent.
  var location: Location?
  var arn: Setting<CertificateARN> = .absent
  var domainName: Setting<String> = .absent
  var tags: Setting<[String: String]> = .absent
  var any: Setting<Bool> = .absent
  var types: Setting<[CertificateType]> = .absent
  var keyAlgorithms: Setting<[KeyAlgorithm]> = .absent
  var minRemaining: Setting<Duration> = .absent
  var soak: Setting<Duration> = .absent
  /// False when `certificate` is not a section, so that its missing keys are not reported.
  var isSection = true

  init() {}

  init(_ setting: Setting<Section>) {
    isSection = !setting.isInvalid
    guard let section = setting.located?.value else { return }
    location = section.location
    arn = section.value("arn", as: "the ARN of an ACM certificate", CertificateDraft.usableARN)
    domainName = section.value("domain_name", as: CertificateName.kind, CertificateName.parse)
    tags = section.tags("tags")
    any = section.flag("any")
    types = section.list("types", of: CertificateDraft.typeKind, CertificateDraft.type)
    keyAlgorithms = section.list(
      "key_algorithms", of: CertificateDraft.algorithmKind, CertificateDraft.algorithm)
    minRemaining = section.duration("min_remaining")
    soak = section.duration("soak")
  }

  /// Key by key: the defaults apply where this draft has no value.
  func merged(with defaults: CertificateDraft) -> CertificateDraft {
    var merged = self
    merged.arn = arn.inheriting(defaults.arn)
    merged.domainName = domainName.inheriting(defaults.domainName)
    merged.tags = tags.inheriting(defaults.tags)
    merged.any = any.inheriting(defaults.any)
    merged.types = types.inheriting(defaults.types)
    merged.keyAlgorithms = keyAlgorithms.inheriting(defaults.keyAlgorithms)
    merged.minRemaining = minRemaining.inheriting(defaults.minRemaining)
    merged.soak = soak.inheriting(defaults.soak)
    merged.isSection = isSection && defaults.isSection
    return merged
  }

  /// The locations of the keys that select certificates.
  var selectorLocations: [Location] {
    let tagsLocation = tags.located.flatMap { $0.value.isEmpty ? nil : $0.location }
    return [arn.located?.location, domainName.located?.location, tagsLocation].compactMap { $0 }
  }

  /// Whether no key selects certificates. False when that is unknown because of an error.
  var selectsAll: Bool {
    isSection && !arn.isInvalid && !domainName.isInvalid && !tags.isInvalid
      && selectorLocations.isEmpty
  }

  /// The location of `any: true`; nil when it is not written.
  var anyLocation: Location? { any.value(or: false) ? any.located?.location : nil }

  var selector: CertificateSelector {
    var selector = CertificateSelector()
    selector.arn = arn.located?.value
    selector.domainName = domainName.located?.value
    selector.tags = tags.value(or: selector.tags)
    selector.types = types.located.map { Set($0.value) } ?? selector.types
    selector.keyAlgorithms =
      keyAlgorithms.located.map { Set($0.value) } ?? selector.keyAlgorithms
    selector.minRemaining = minRemaining.value(or: selector.minRemaining)
    selector.soak = soak.value(or: selector.soak)
    return selector
  }

  // MARK: Values

  private static func usableARN(_ text: String) throws(Malformed) -> CertificateARN {
    let kind = "the ARN of an ACM certificate that CloudFront can use"
    let arn: CertificateARN
    do throws(MalformedIdentifier) {
      arn = try CertificateARN(parsing: text)
    } catch {
      throw Malformed(error)
    }
    guard arn.region == Region.usEast1.text else {
      throw Malformed(
        kind,
        """
        it is in \(arn.region), but CloudFront uses only certificates of us-east-1; issue or import \
        one there
        """)
    }
    guard arn.partition == "aws" else {
      throw Malformed(
        kind, "us-east-1 is in the partition aws, not in \(arn.partition); correct the partition")
    }
    return arn
  }

  private static let typeKind = "one of AMAZON_ISSUED, IMPORTED"

  private static func type(_ text: String) throws(Malformed) -> CertificateType {
    switch CertificateType(text) {
    case .amazonIssued: return .amazonIssued
    case .imported: return .imported
    case .private:
      throw Malformed(
        typeKind, "CloudFront does not serve certificates of a private CA; remove it")
    case .other:
      throw Malformed(
        typeKind,
        "write one of these words"
          + Suggestion.hint(text, among: ["AMAZON_ISSUED", "IMPORTED"]))
    }
  }

  private static let algorithmNames = KeyAlgorithm.servedByCloudFront.map(\.name)
  private static let algorithmKind = "one of \(algorithmNames.joined(separator: ", "))"

  private static func algorithm(_ text: String) throws(Malformed) -> KeyAlgorithm {
    let algorithm = KeyAlgorithm(text)
    if KeyAlgorithm.servedByCloudFront.contains(algorithm) { return algorithm }
    if KeyAlgorithm.all.contains(algorithm) {
      throw Malformed(
        algorithmKind,
        "CloudFront serves no elliptic curve but prime256v1; remove it")
    }
    throw Malformed(
      algorithmKind,
      "write one of these words" + Suggestion.hint(text, among: algorithmNames))
  }
}

extension Section {
  // AWS's limits for the tags of one certificate; lengths in characters.
  static let maximumTags = 50
  static let maximumTagKeyLength = 128
  static let maximumTagValueLength = 256

  /// Tags by key. Keys and values are texts as written: `2` is the text "2", `yes` the text "yes".
  func tags(_ key: String) -> Setting<[String: String]> {
    guard let node = node(key) else { return .absent }
    let location = location(of: key)
    guard case .mapping(let entries) = node.content else {
      context.report(
        node, at: location, expected: "a section of tags", advice: "write { key: value }")
      return .invalid
    }
    guard entries.count <= Section.maximumTags else {
      context.report(
        at: location,
        """
        there are \(entries.count) tags, but a certificate has at most \(Section.maximumTags); \
        remove some
        """)
      return .invalid
    }
    var tags: [String: String] = [:]
    let unique = Section.uniqueEntries(of: entries, at: location, context: context)
    for (name, entry) in unique.sorted(by: { $0.value.keyPosition < $1.value.keyPosition }) {
      let tagLocation = location.key(name, at: entry.value.position)
      if !(1...Section.maximumTagKeyLength).contains(name.unicodeScalars.count) {
        context.report(
          at: location.key(name, at: entry.keyPosition),
          """
          the key of this tag has \(name.unicodeScalars.count) characters; use 1 to \
          \(Section.maximumTagKeyLength)
          """)
      }
      tags[name] =
        context.value(of: entry.value, at: tagLocation, as: "the value of a tag", Section.tagValue)?
        .value
    }
    let isComplete = tags.count == entries.count
    return isComplete ? .given(Located(value: tags, shown: "", location: location)) : .invalid
  }

  private static func tagValue(_ text: String) throws(Malformed) -> String {
    guard text.unicodeScalars.count <= maximumTagValueLength else {
      throw Malformed(
        "the value of a tag", "it is longer than \(maximumTagValueLength) characters; shorten it")
    }
    return text
  }
}
