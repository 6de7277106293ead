internal import RolloutCore

/// What one `certificate` says, before it is merged with the defaults'.
struct CertificateDraft {
  /// nil when there is none.
  var place: Place?
  var arn: Setting<CertificateARN> = .absent
  var domainName: Setting<String> = .absent
  var tags: Setting<[String: String]> = .absent
  var any: Setting<Bool> = .absent
  var types: Setting<[CertificateType]> = .absent
  var keyAlgorithms: Setting<[KeyAlgorithm]> = .absent
  var minRemaining: Setting<Duration> = .absent
  var soak: Setting<Duration> = .absent
  /// False when it is there and no mapping, so that nothing can be said about what it lacks.
  var isReadable = true

  init() {}

  init(_ setting: Setting<Section>) {
    isReadable = !setting.isInvalid
    guard let section = setting.located?.value else { return }
    place = section.place
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

  /// Key by key: the defaults hold where this one says nothing.
  func merged(with defaults: CertificateDraft) -> CertificateDraft {
    var merged = self
    merged.arn = arn.orElse(defaults.arn)
    merged.domainName = domainName.orElse(defaults.domainName)
    merged.tags = tags.orElse(defaults.tags)
    merged.any = any.orElse(defaults.any)
    merged.types = types.orElse(defaults.types)
    merged.keyAlgorithms = keyAlgorithms.orElse(defaults.keyAlgorithms)
    merged.minRemaining = minRemaining.orElse(defaults.minRemaining)
    merged.soak = soak.orElse(defaults.soak)
    merged.isReadable = isReadable && defaults.isReadable
    return merged
  }

  /// The keys that pick certificates, as far as they are given.
  var selectingPlaces: [Place] {
    let tagsPlace = tags.located.flatMap { $0.value.isEmpty ? nil : $0.place }
    return [arn.located?.place, domainName.located?.place, tagsPlace].compactMap { $0 }
  }

  /// Whether nothing narrows the choice, as far as that can be told.
  var selectsAll: Bool {
    isReadable && !arn.isInvalid && !domainName.isInvalid && !tags.isInvalid
      && selectingPlaces.isEmpty
  }

  /// Where `any: true` stands, if it does.
  var anyPlace: Place? { any.or(false) ? any.located?.place : nil }

  var selector: CertificateSelector {
    var selector = CertificateSelector()
    selector.arn = arn.located?.value
    selector.domainName = domainName.located?.value
    selector.tags = tags.or(selector.tags)
    selector.types = types.located.map { Set($0.value) } ?? selector.types
    selector.keyAlgorithms =
      keyAlgorithms.located.map { Set($0.value) } ?? selector.keyAlgorithms
    selector.minRemaining = minRemaining.or(selector.minRemaining)
    selector.soak = soak.or(selector.soak)
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
        it lies in \(arn.region), and CloudFront takes certificates from us-east-1 alone; issue \
        or import one there
        """)
    }
    guard arn.partition == "aws" else {
      throw Malformed(kind, "us-east-1 lies in the partition aws, not in \(arn.partition)")
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
          + Suggestion.question(text, among: ["AMAZON_ISSUED", "IMPORTED"]))
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
        "of the elliptic curves, CloudFront serves only certificates on prime256v1; remove it")
    }
    throw Malformed(
      algorithmKind,
      "write one of these words" + Suggestion.question(text, among: algorithmNames))
  }
}

extension Section {
  /// AWS's limits for the tags of one certificate.
  static let maximumTags = 50
  static let maximumTagKeyLength = 128
  static let maximumTagValueLength = 256

  /// Tag keys and values: both are texts as they stand, so that `2` and `yes` are the texts "2"
  /// and "yes".
  func tags(_ key: String) -> Setting<[String: String]> {
    guard let node = node(key) else { return .absent }
    let place = place(of: key)
    guard case .mapping(let entries) = node.content else {
      if node.content != .unusable {
        reading.report(
          at: place,
          "\(node.kind) stands where tags must; write { key: value }, or remove the key")
      }
      return .invalid
    }
    guard entries.count <= Section.maximumTags else {
      reading.report(
        at: place,
        "there are \(entries.count) tags, and a certificate has \(Section.maximumTags) at most")
      return .invalid
    }
    var tags: [String: String] = [:]
    let first = Section.first(of: entries, at: place, reading: reading)
    for (name, entry) in first.sorted(by: { $0.value.keyPosition < $1.value.keyPosition }) {
      let tagPlace = place.key(name, at: entry.value.position)
      if !(1...Section.maximumTagKeyLength).contains(name.unicodeScalars.count) {
        reading.report(
          at: place.key(name, at: entry.keyPosition),
          "the key of a tag has 1 to \(Section.maximumTagKeyLength) characters; correct it")
      }
      tags[name] =
        reading.value(of: entry.value, at: tagPlace, as: "the value of a tag", Section.tagValue)?
        .value
    }
    let isWhole = tags.count == entries.count
    return isWhole ? .given(Located(value: tags, shown: "", place: place)) : .invalid
  }

  private static func tagValue(_ text: String) throws(Malformed) -> String {
    guard text.unicodeScalars.count <= maximumTagValueLength else {
      throw Malformed(
        "the value of a tag", "it is longer than \(maximumTagValueLength) characters")
    }
    return text
  }
}
