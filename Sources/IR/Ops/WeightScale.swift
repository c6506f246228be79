extension OpSpec {
  /// clip / 127 of a weight, for the whole tensor or per row, or what the factors of a row's groups are multiples of.
  static let weightScale = OpSpec(
    .weightScale,
    "clip / 127, for the whole weight or `per` row; the `clip` is max|w| unless given; 1 where it is zero. `per` group: (7 · 63)th of the largest clip of a row's groups of 128.",
    side: .constant,
    operands: [.constant("weight")],
    attributes: [Attribute("per", .string), Attribute("clip", .string, optional: true)],
    stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, _) = try context.floatMatrix(0)
      if let clip = context.attributes.string("clip"), Clip(clip) == nil {
        throw TypeError("attribute 'clip' is \(Clip.forms)")
      }
      switch context.attributes.string("per") {
      case "tensor": return ValueType(.f32, [1])
      case "row", "group": return ValueType(.f32, [rows])
      default: throw TypeError("attribute 'per' is \"tensor\", \"row\" or \"group\"")
      }
    },
    evaluate: { context in
      let clip = Clip(ofWeightScale: context.node)
      let (weight, columns) = (context.operands[0], context.operandTypes[0].width)
      let rows = stride(from: 0, to: weight.count, by: max(columns, 1)).map { weight[$0..<($0 + columns)] }
      let per = context.node.attributes.string("per")
      if per == "group" {
        return rows.indices.map { row in
          let clips = groups(of: weight, row: row, columns: columns).map {
            clip.magnitude(of: [$0], highest: Quantizer.highestGrouped)
          }
          return Quantizer.groupUnit(maximum: clips.max() ?? 0)
        }
      }
      return (per == "tensor" ? [rows] : rows.map { [$0] }).map {
        Quantizer.scale(maximum: clip.magnitude(of: $0))
      }
    })
}

extension Clip {
  /// The clip of a `weight_scale`.
  public init(ofWeightScale node: Node) {
    self = node.attributes.string("clip").flatMap { Clip($0) } ?? .maximum
  }
}
