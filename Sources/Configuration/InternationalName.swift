internal import Foundation
internal import RolloutCore

/// A DNS name with characters beyond ASCII, and the ASCII form in which DNS, certificates and AWS
/// have it (RFC 5890; the mapping of case, widths and combining characters as browsers do it, UTS 46).
enum InternationalName {
  /// What to write instead of the name; nil when it is ASCII.
  ///
  /// - Parameter suffix: what follows the name in the value, such as a port.
  static func advice(
    for name: String, suffix: String = "", underscores: DNSName.Underscores = .refused
  ) -> String? {
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return nil }
    switch ascii(name, underscores) {
    case .success(let form): return "write it in its ASCII form, \(form)\(suffix)"
    case .failure(let reason): return "it has no ASCII form (xn--…): \(reason.text)"
    }
  }

  private struct NoForm: Error, Equatable {
    let text: String
  }

  /// The name in lower case with every label in its ASCII form.
  private static func ascii(
    _ name: String, _ underscores: DNSName.Underscores
  ) -> Result<String, NoForm> {
    let mapped = mapped(name)
    var labels: [String] = []
    for label in mapped.split(separator: ".", omittingEmptySubsequences: false) {
      if label.utf8.allSatisfy({ $0 < 0x80 }) {
        labels.append(String(label))
        continue
      }
      if let problem = problem(with: label) { return .failure(NoForm(text: problem)) }
      labels.append("xn--" + Punycode.encoded(label.unicodeScalars))
    }
    let form = labels.joined(separator: ".")
    let host = form.hasPrefix("*.") ? String(form.dropFirst(2)) : form
    if let problem = HostName.problem(with: host, underscores: underscores) {
      return .failure(NoForm(text: "in \(form.quoted(limit: 80)) \(problem)"))
    }
    return .success(form)
  }

  /// In lower case and composed, with the compatible characters of full and half width, the dots of
  /// other scripts as dots, and without characters that nobody sees.
  private static func mapped(_ name: String) -> String {
    let visible = name.unicodeScalars.filter {
      !$0.properties.isDefaultIgnorableCodePoint || isJoiner($0)
    }
    let composed = String(String.UnicodeScalarView(visible))
      .precomposedStringWithCompatibilityMapping
      .lowercased().precomposedStringWithCompatibilityMapping
    return composed.replacing("\u{3002}", with: ".")
  }

  private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\u{200c}" || scalar == "\u{200d}"
  }

  private static func problem(with label: Substring) -> String? {
    let shown = String(label).quoted(limit: 63)
    if label.hasPrefix("xn--") {
      return "the label \(shown) begins with xn-- and is not ASCII"
    }
    for (index, scalar) in label.unicodeScalars.enumerated() {
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .spacingMark, .enclosingMark:
        if index == 0 { return "the label \(shown) begins with a combining character" }
      case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .letterNumber,
        .otherNumber, .otherSymbol:
        break
      case _ where scalar == "-" || scalar == "_" || scalar == "\u{b7}" || isJoiner(scalar): break
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "the label \(shown) has the character U+\(code), which a name cannot have"
      }
    }
    return nil
  }
}

/// The encoding of one label (RFC 3492).
private enum Punycode {
  private static let base = 36
  private static let tMin = 1
  private static let tMax = 26
  private static let initialBias = 72
  private static let initialN = 0x80

  static func encoded(_ label: Substring.UnicodeScalarView) -> String {
    var output = label.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
    let basicCount = output.count
    var handled = basicCount
    if basicCount > 0 { output.append(UInt8(ascii: "-")) }
    var (n, delta, bias) = (initialN, 0, initialBias)
    while let next = label.lazy.map({ Int($0.value) }).filter({ $0 >= n }).min() {
      delta += (next - n) * (handled + 1)
      n = next
      for scalar in label {
        if scalar.value < n { delta += 1 }
        guard scalar.value == n else { continue }
        appendVariableLength(delta, bias, to: &output)
        bias = adapted(delta, count: handled + 1, isFirst: handled == basicCount)
        delta = 0
        handled += 1
      }
      delta += 1
      n += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func appendVariableLength(_ delta: Int, _ bias: Int, to output: inout [UInt8]) {
    var rest = delta
    var k = base
    while true {
      let threshold = min(max(k - bias, tMin), tMax)
      if rest < threshold { break }
      output.append(digit(threshold + (rest - threshold) % (base - threshold)))
      rest = (rest - threshold) / (base - threshold)
      k += base
    }
    output.append(digit(rest))
  }

  private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
    let (damp, skew) = (700, 38)
    var delta = isFirst ? delta / damp : delta / 2
    delta += delta / count
    var k = 0
    while delta > (base - tMin) * tMax / 2 {
      delta /= base - tMin
      k += base
    }
    return k + (base - tMin + 1) * delta / (delta + skew)
  }

  /// a to z, then 0 to 9.
  private static func digit(_ value: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: value < 26 ? value + 0x61 : value - 26 + 0x30)
  }
}
