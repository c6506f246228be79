import PlanFormat

/// What the bytes of a plan file are for.
struct PlanParts {
  /// Names and bytes, in the order of a model; together they are the file.
  private(set) var parts: [(name: String, bytes: Int)] = []

  init(_ view: PlanView, bytes: Int) {
    var sizes: [String: Int] = [:]
    let owners = Self.owners(view)
    for index in 0..<view.constantCount {
      let id = ConstantID(UInt32(index))
      sizes[owners[id] ?? Self.small, default: 0] += view.constantRange(id).count
    }
    sizes["Tokenizer"] = view.range(of: .tokenizer).count
    let named = sizes.values.reduce(0, +)
    sizes["Program, names, checks"] = bytes - named
    let order = ["Embedding", "Head"]
    for name in sizes.keys.sorted(by: { Self.rank($0, order) < Self.rank($1, order) }) {
      parts.append((name, sizes[name, default: 0]))
    }
  }

  private static let small = "Scales, biases, gains"
  private static let last = [small, "Tokenizer", "Program, names, checks"]

  /// Embedding and head first, then projections by name, then everything else.
  private static func rank(_ name: String, _ first: [String]) -> String {
    if let place = first.firstIndex(of: name) { return "0\(place)" }
    return last.firstIndex(of: name).map { "2\($0)" } ?? "1\(name)"
  }

  /// What each large constant belongs to.
  private static func owners(_ view: PlanView) -> [ConstantID: String] {
    var owners: [ConstantID: String] = [:]
    for index in 0..<view.instructionCount {
      let instruction = view.instruction(index)
      switch instruction.opcode {
      case .embed: owners[ConstantID(instruction[.table])] = "Embedding"
      case .linear:
        let weights = ConstantID(instruction[.weights])
        owners[weights] =
          instruction.program == .head
          ? "Head" : "Projection \(projection(view.string(view.constant(weights).name)))"
      case .conv: owners[ConstantID(instruction[.weights])] = "Convolution"
      case .scan: owners[ConstantID(instruction[.a])] = "Scan"
      default: break
      }
    }
    return owners
  }

  /// The projection of a weight, such as `x` of `layers.0.mixer.x.f32.weight.codes`.
  private static func projection(_ name: String) -> String {
    let endings: Set<Substring> = ["f32", "weight", "codes", "packed"]
    return name.split(separator: ".").last { !endings.contains($0) && Int($0) == nil }.map(String.init)
      ?? name
  }
}
