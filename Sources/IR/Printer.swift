extension Module {
  /// The text form: parsing it gives the same module again, and printing that the same text.
  public var text: String {
    var output =
      "quamba-ir 1\narchitecture \(quoted(architecture))\nlayers \(layers)\nstage \(stage.rawValue)\n\n"
    for node in nodes { output += text(of: node) + "\n" }
    return output + "return \(self[result].reference)\n"
  }

  /// One node as one line.
  public func text(of node: Node) -> String {
    let operands = node.operands.map { self[$0].reference }.joined(separator: ", ")
    var line = "\(node.reference): \(text(of: node.type)) = \(node.op.rawValue)(\(operands))"
    if !node.attributes.entries.isEmpty {
      let entries = node.attributes.entries.map { "\($0.name) = \($0.value.text)" }
      line += " {\(entries.joined(separator: ", "))}"
    }
    return line + " at \(quoted(node.origin)) by \(node.pass)"
  }

  /// A type with its scale.
  public func text(of type: ValueType) -> String {
    switch type.scale {
    case nil: type.plain
    case .perTensor(let scale): "\(type.plain)@\(scale)"
    case .perChannel(let id): "\(type.plain)@[\(self[id].reference)]"
    }
  }
}

extension AttributeValue {
  /// The value as it stands in the text form.
  var text: String {
    switch self {
    case .integer(let value): String(value)
    case .real(let value): value.description
    case .string(let value): quoted(value)
    case .source(let source): source.text
    }
  }
}

extension ConstantSource {
  /// The source as it stands in the text form.
  var text: String {
    switch self {
    case .tensor(let name): "from \(quoted(name))"
    case .zero: "zero"
    case .splat(let value): "splat(\(value))"
    case .random(let seed, let amplitude): "random(\(seed), \(amplitude))"
    case .signs(let seed): "signs(\(seed))"
    case .values(let values): "values[\(values.map(\.description).joined(separator: ", "))]"
    }
  }
}

/// A string in double quotes, with quotes, backslashes and control characters escaped.
func quoted(_ string: String) -> String {
  var output = "\""
  for scalar in string.unicodeScalars {
    switch scalar {
    case "\"", "\\": output += "\\" + String(scalar)
    case _ where scalar.value < 0x20 || scalar.value == 0x7F:
      output += "\\u{\(String(scalar.value, radix: 16))}"
    default: output.unicodeScalars.append(scalar)
    }
  }
  return output + "\""
}
