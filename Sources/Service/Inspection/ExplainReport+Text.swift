import Narration
import RolloutCore
import Terminal

extension ExplainReport {
  /// The report for people: the answer, what is attached and chosen, and every certificate with its
  /// verdict. A check that did not pass stands below its certificate.
  package func text(on screen: Screen) -> String {
    let sentence = "\(decision.domain) \(DecisionText.sentence(for: decision))"
    var lines = screen.paragraph(ARNTail.shortening(sentence), .strong)
    lines += [""] + facts(on: screen)
    if candidates.isEmpty { return lines.joined(separator: "\n") }
    lines += [""]
    lines += screen.paragraph(
      "\(counted(candidates.count, "certificate")) of the account, the best first:")
    var table = TextTable([
      .init("CERTIFICATE"), .init("NAME", shrinking: .to(12, cut: .middle)), .init("CREATED"),
      .init("ENDS"), .init("VERDICT"),
    ])
    for candidate in candidates { table.add(cells(candidate, screen)) }
    let details = candidates.map { candidate in
      (candidate.details + releases(candidate)).flatMap {
        screen.paragraph(ARNTail.shortening($0), .faint, indent: 4)
      }
    }
    return (lines + screen.lines(of: table, details: details)).joined(separator: "\n")
  }

  private func releases(_ candidate: CandidateRanking.Candidate) -> [String] {
    release(of: candidate.certificate.arn).map {
      ["released \(RelativeTime(now: now).both($0)): nothing uses it any more"]
    } ?? []
  }

  private func facts(on screen: Screen) -> [String] {
    var lines: [String] = []
    func add(_ name: String, _ value: String?, _ style: Style = .plain) {
      guard let value else { return }
      let indent = ExplainReport.factIndent
      for (number, part) in screen.wrapped(value, indent: indent).enumerated() {
        let margin = DisplayText.padded(number == 0 ? name : "", to: indent)
        lines.append(
          screen.palette.show(margin, as: .faint) + screen.palette.show(part, as: style))
      }
    }
    let times = RelativeTime(now: now)
    func ending(_ arn: CertificateARN?) -> String? {
      guard let arn else { return nil }
      guard case .certificate(let certificate) = decision.facts.certificates.known(arn),
        let notAfter = certificate.notAfter
      else { return arn.text }
      return "\(arn.tail), ends \(times.both(notAfter)), \(arn)"
    }
    add("action", decision.action.rawValue, decision.action.style)
    add("condition", decision.condition.word)
    add("attached", ending(decision.attached))
    if decision.chosen != decision.attached { add("chosen", ending(decision.chosen)) }
    if let reason = decision.reason { add("reason", ARNTail.shortening(reason.description)) }
    if decision.isUrgent { add("urgent", "soak, waves and limits are skipped", .warning) }
    return lines
  }

  /// Columns.
  private static let factIndent = 11

  private func cells(
    _ candidate: CandidateRanking.Candidate, _ screen: Screen
  ) -> [TextTable.Cell] {
    let certificate = candidate.certificate
    return [
      .init(certificate.arn.tail, candidate.isChosen ? .strong : .plain),
      .init(certificate.primaryName ?? certificate.names.first ?? ""),
      .init(certificate.creation.map { day($0, screen) } ?? "unknown"),
      .init(certificate.notAfter.map { day($0, screen) } ?? "unknown"),
      .init(verdict(candidate), candidate.verdict.style),
    ]
  }

  /// A day, and where there is room how far away it is.
  private func day(_ instant: Instant, _ screen: Screen) -> String {
    let day = instant.day
    if let width = screen.width, width < ExplainReport.roomyWidth { return day }
    return "\(day), \(RelativeTime(now: now).distance(instant))"
  }

  private static let roomyWidth = 120

  private func verdict(_ candidate: CandidateRanking.Candidate) -> String {
    if candidate.isAttached, candidate.isChosen { return "attached, stays" }
    return candidate.verdict.word
  }
}

extension CandidateRanking.Candidate {
  /// The verdict's facts, and every other check that did not pass. What was not asked because another
  /// check failed already is of no interest.
  fileprivate var details: [String] {
    let others = results.compactMap { check, result -> String? in
      let name = check.reason.word
      switch result {
      case .passed, .open: return nil
      case .failed(let detail): return name == verdict.word ? nil : "\(name): \(detail)"
      case .unseen(let failure): return "\(name) is unknown: \(failure)"
      }
    }
    return [verdict.detail].compactMap { $0 } + others
  }
}

extension CandidateRanking.Verdict {
  fileprivate var style: Style {
    switch self {
    case .chosen: .active
    case .attached: .good
    case .passedOver: .faint
    }
  }
}
