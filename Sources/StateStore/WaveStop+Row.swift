import LosslessJSON
import RolloutCore

extension WaveStop {
  var rowValues: Table.Values {
    [
      "wave": wave,
      "at": at.milliseconds,
      "failures": failures,
      "domains": JSONValue.array(domains.map { .string($0.text) }).encoded,
    ]
  }

  init(_ row: RowReader) throws(MalformedRow) {
    guard let elements = try row.json("domains").array else {
      throw row.malformed("domains", "is not a JSON array")
    }
    var domains: [DomainName] = []
    for element in elements {
      guard let text = element.string else {
        throw row.malformed("domains", "holds something that is not a string")
      }
      do throws(MalformedIdentifier) {
        domains.append(try DomainName(parsing: text))
      } catch {
        throw row.malformed("domains", "holds something that is not \(error.kind)")
      }
    }
    self.init(
      wave: try row.count("wave"), at: try row.instant("at"),
      failures: try row.count("failures"), domains: domains)
  }
}
