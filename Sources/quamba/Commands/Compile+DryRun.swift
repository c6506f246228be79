import CompilerDriver

extension CompileForecast {
  /// The forecast for people: a line for each tensor, then the sums.
  var text: String {
    var table = TextTable(["tensor", "type", "bytes", "in the plan", "bytes"])
    for tensor in tensors {
      table.append([
        tensor.name, tensor.type, "\(tensor.byteCount)",
        tensor.plannedTypes.isEmpty ? "in others" : tensor.plannedTypes.joined(separator: " + "),
        "\(tensor.plannedBytes)",
      ])
    }
    table.append(["scales of activations, padding", "", "", "", "\(otherBytes)"])
    table.append(["instructions, names, tokenizer", "", "", "", "\(headerBytes)"])
    table.append(["in all", "", "\(bytesBefore)", "", "\(planBytes)"])
    return table.text + "\n\n" + summary
  }

  private var summary: String {
    let total = seconds.reduce(0) { $0 + $1.seconds }
    let parts = seconds.map { "\($0.name) \(Self.duration($0.seconds))" }.joined(separator: ", ")
    var lines = [
      "\(architecture), \(layers) layers by recipe \(recipe)",
      "  size     \(ByteCount.text(bytesBefore)) before, \(ByteCount.text(planBytes)) after, exactly \(planBytes) bytes",
      "  state    \(ByteCount.text(stateBytes)) a sequence, and \(ByteCount.text(contextBytes)) for each 1,000 tokens of context",
      "  arena    \(ByteCount.text(arenaBytes)) for the usual \(rowCapacity) rows and \(logitRowCapacity) rows of logits",
    ]
    if scratchBytes > 0 {
      lines.append("  scratch  \(ByteCount.text(scratchBytes)) in $TMPDIR while it calibrates")
    }
    lines.append("  time     about \(Self.duration(total)): \(parts)")
    return lines.joined(separator: "\n")
  }

  /// Seconds in the unit that suits them.
  private static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<100: "\(FixedPoint.text(seconds, digits: 1)) s"
    case ..<6000: "\(FixedPoint.text(seconds / 60, digits: 0)) min"
    default: "\(FixedPoint.text(seconds / 3600, digits: 1)) h"
    }
  }
}
