import Glibc

extension OpSpec {
  /// The selective scan with its gate (method: §1, row 6; §9 for scans by head).
  static let selectiveScan = OpSpec(
    .selectiveScan,
    "Δ = softplus(dt + dt_bias); h = exp(Δ·A)·h + Δ·B·u; y = (C·h + D·u) · SiLU(z), with h zero before the sequence. Where A is a vector, the channels are divided into its heads, each with one Δ, from `minimum` to `maximum`, A and D, and the heads into `groups`, each with B and C of its own. Where `state` is `f16` or `i8`, h is then rounded to it, `i8` with a scale per channel.",
    operands: [
      .row("u"), .row("dt"), .row("b"), .row("c"), .row("z"), .constant("a"), .constant("d"),
      .constant("dt_bias"), .optionalConstant("state_scales"),
    ],
    attributes: [
      Attribute("groups", .integer, optional: true), Attribute("minimum", .real, optional: true),
      Attribute("maximum", .real, optional: true), Attribute("state", .string, optional: true),
    ],
    type: { context throws(TypeError) in
      let channels = try context.floatRow(0)
      let gate = try context.floatRow(4)
      try context.require(gate == channels, "operand 4 is \(gate) wide, u is \(channels)")
      let width = try context.floatRow(3)
      let states = try context.floatRow(2)
      try context.require(width == states, "c is \(width) wide, b is \(states)")
      let heads = try context.floatRow(1)
      if context.operands[5].shape.count == 1 {
        try requireHeads(context, heads, channels: channels, states: states)
      } else {
        try context.require(heads == channels, "operand 1 is \(heads) wide, u is \(channels)")
        try context.floatConstant(5, [channels, states])
        for name in ["groups", "minimum", "maximum"] {
          try context.require(
            context.attributes[name] == nil, "attribute '\(name)' is of a scan whose A is a vector")
        }
      }
      try context.floatConstant(6, [heads])
      try context.floatConstant(7, [heads])
      try requireStateScales(context, channels: channels)
      return ValueType(.f32, [channels])
    },
    evaluate: { context in
      let scan = ScanMeaning(context)
      var state = [Double](repeating: 0, count: context.width * scan.states)
      return (0..<context.rows).flatMap { row in
        (0..<context.width).map { scan.output(row: row, channel: $0, state: &state) }
      }
    })

  /// Heads divide the channels, and groups the heads.
  private static func requireHeads(
    _ context: TypeContext, _ heads: Int, channels: Int, states: Int
  ) throws(TypeError) {
    try context.floatConstant(5, [heads])
    try context.require(channels % heads == 0, "\(heads) heads do not divide \(channels) channels")
    let groups = try context.groups()
    try context.require(
      heads % groups == 0 && states % groups == 0,
      "\(groups) groups do not divide \(heads) heads and a width of \(states)")
    let (low, high) = (context.attributes.real("minimum"), context.attributes.real("maximum"))
    try context.require(
      low ?? -.infinity <= high ?? .infinity, "attribute 'minimum' is above attribute 'maximum'")
  }

  /// A state of codes has scales, and no other.
  private static func requireStateScales(_ context: TypeContext, channels: Int) throws(TypeError) {
    let state = context.attributes.string("state")
    try context.require(
      [nil, "f16", "i8"].contains(state), "attribute 'state' is \"f16\" or \"i8\", or left out")
    try context.require(
      (state == "i8") == (context.operands.count > 8), "a state of codes, and no other, has scales")
    if state == "i8" { try context.floatConstant(8, [channels]) }
  }
}

/// A scan channel by channel; without heads every channel is one.
private struct ScanMeaning {
  let context: EvaluationContext
  /// States of a channel.
  let states: Int
  private let heads: Int
  private let groups: Int
  private let limits: (low: Double, high: Double)

  init(_ context: EvaluationContext) {
    self.context = context
    heads = context.operandTypes[1].width
    let attributes = context.node.attributes
    groups = attributes.integer("groups") ?? 1
    states = context.operandTypes[2].width / groups
    limits = (Double(attributes.real("minimum") ?? 0), Double(attributes.real("maximum") ?? .infinity))
  }

  /// One channel of one row; updates the channel's states.
  func output(row: Int, channel: Int, state: inout [Double]) -> Float {
    let head = channel / (context.width / heads)
    let value = { (operand: Int) in Double(context.operands[operand][row * context.width + channel]) }
    let ofHead = { (operand: Int) in Double(context.operands[operand][head]) }
    let first = (row * groups + head / (heads / groups)) * states
    let u = value(0)
    let step = Double(context.operands[1][row * heads + head]) + ofHead(7)
    let delta = min(max(step > 20 ? step : log1p(exp(step)), limits.low), limits.high)
    var y = ofHead(6) * u
    for n in 0..<states {
      let cell = channel * states + n
      let hasHeads = context.operandTypes[5].shape.count == 1
      let decay = exp(delta * Double(context.operands[5][hasHeads ? head : cell]))
      state[cell] = decay * state[cell] + delta * u * Double(context.operands[2][first + n])
      y += Double(context.operands[3][first + n]) * state[cell]
      state[cell] = stored(state[cell], channel: channel)
    }
    let gate = value(4)
    return Float(y * gate / (1 + exp(-gate)))
  }

  /// A state as it is kept for the next token.
  private func stored(_ h: Double, channel: Int) -> Double {
    switch context.node.attributes.string("state") {
    case "f16": return Double(Float16(Float(min(max(h, -65_504), 65_504))))
    case "i8":
      let scale = context.operands[8][channel]
      return Double(Quantizer.code(Float(h), inverse: Quantizer.inverse(scale: scale), low: -128) * scale)
    default: return h
    }
  }
}
