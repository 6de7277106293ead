/// Runs `body` on every element, at most `width` at a time; the results keep the order of the
/// elements. With a width of 1 one element follows the other, which makes a simulation
/// repeatable.
@discardableResult
func concurrently<Element: Sendable, Result: Sendable>(
  _ elements: [Element], width: Int, _ body: @escaping @Sendable (Element) async -> Result
) async -> [Result] {
  await withTaskGroup(of: (Int, Result).self) { group in
    var results: [Int: Result] = [:]
    var pending = elements.enumerated().makeIterator()
    for _ in 0..<max(1, width) {
      guard let (index, element) = pending.next() else { break }
      group.addTask { (index, await body(element)) }
    }
    while let (index, result) = await group.next() {
      results[index] = result
      if let (index, element) = pending.next() {
        group.addTask { (index, await body(element)) }
      }
    }
    return elements.indices.compactMap { results[$0] }
  }
}
