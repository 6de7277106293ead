import LosslessJSON

/// The IAM policy that gives a principal what it lacks.
enum PolicyStatement {
  /// One policy with everything that the permissions' principal lacks, as one line to paste.
  static func text(for permissions: [MissingPermission]) -> String {
    var order: [[String]] = []
    var actions: [[String]: [String]] = [:]
    for permission in permissions {
      let resources = permission.resources.sorted()
      if actions[resources] == nil { order.append(resources) }
      if actions[resources]?.contains(permission.action) != true {
        actions[resources, default: []].append(permission.action)
      }
    }
    let statements = order.map { resources in
      [
        "Effect": "Allow", "Action": list(actions[resources, default: []].sorted()),
        "Resource": list(resources),
      ] as JSONValue
    }
    return (["Version": "2012-10-17", "Statement": .array(statements)] as JSONValue).encoded
  }

  private static func list(_ texts: [String]) -> JSONValue {
    texts.count == 1 ? .string(texts[0]) : .array(texts.map(JSONValue.string))
  }
}
