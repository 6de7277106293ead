/// What one file says about domains: its entries, and the defaults that apply to them alone.
struct FileMappings {
  let defaults: MappingDraft
  let domains: [MappingDraft]
  /// How many entries are written, with those that are wrong.
  let entryCount: Int
  /// Whether `domains` is absent or empty. False when it is wrong.
  let hasNoDomains: Bool

  /// What a file without domains means.
  enum EmptyList { case isError, isAllowed }

  /// `top` is the whole file, and `earlier` the number of entries in the files before it.
  init(_ top: Section, emptyList: EmptyList, after earlier: Int = 0) {
    defaults = FileMappings.defaults(in: top)
    let nodes = FileMappings.entries(of: top)
    entryCount = nodes?.count ?? 0
    hasNoDomains = nodes?.isEmpty ?? false
    guard let nodes else {
      domains = []
      return
    }
    let location = top.location(of: "domains")
    switch emptyList {
    case .isError where nodes.isEmpty:
      let problem = top.node("domains") == nil ? "this key is missing" : "the list is empty"
      top.context.report(at: location, "\(problem); \(FileMappings.domainsAdvice)")
    case .isError, .isAllowed: break
    }
    guard earlier + nodes.count <= FileMappings.maximumMappings else {
      let others = earlier == 0 ? "" : ", and \(earlier) in the files before,"
      top.context.report(
        at: location,
        """
        there are \(nodes.count) entries\(others) more than the limit of \
        \(FileMappings.maximumMappings); divide them among several processes
        """)
      domains = []
      return
    }
    domains = nodes.enumerated().compactMap { index, node in
      let location = location.element(index, at: node.position)
      return Section(node, at: location, keySet: .mapping, context: top.context)
        .map(MappingDraft.init)
    }
  }

  /// In all files together: far more than one process needs.
  static let maximumMappings = 10_000

  static let domainsAdvice = """
    add an entry with domain and user_pool_id, as in the comments of the config.yaml that comes \
    with cognito-certd
    """

  private static func defaults(in top: Section) -> MappingDraft {
    switch top.section("defaults", .defaults) {
    case .given(let section): return MappingDraft(section.value)
    case .absent: return MappingDraft(at: top.location)
    case .invalid:
      var draft = MappingDraft(at: top.location)
      draft.certificate.isSection = false
      return draft
    }
  }

  /// nil when `domains` is not a list, which is reported.
  private static func entries(of top: Section) -> [YAMLNode]? {
    guard let node = top.node("domains") else { return [] }
    switch node.content {
    case .sequence(let nodes): return nodes
    case .scalar where node.isNull: return []
    case .scalar, .mapping, .alias:
      top.context.report(
        node, at: top.location(of: "domains"), expected: "a list",
        advice: "begin each entry with `- domain:`")
      return nil
    }
  }
}
