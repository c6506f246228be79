import Glibc

extension OpSpec {
  /// The selective scan with its gate (method: §1, row 6).
  static let selectiveScan = OpSpec(
    .selectiveScan,
    "Δ = softplus(dt + dt_bias); h = exp(Δ·A)·h + Δ·B·u; y = (C·h + D·u) · SiLU(z), with h zero before the sequence. Where `state` is `f16` or `i8`, h is then rounded to it, `i8` with a scale per channel.",
    operands: [
      .row("u"), .row("dt"), .row("b"), .row("c"), .row("z"), .constant("a"), .constant("d"),
      .constant("dt_bias"), .optionalConstant("state_scales"),
    ], attributes: [Attribute("state", .string, optional: true)],
    type: { context throws(TypeError) in
      let channels = try context.floatRow(0)
      let states = try context.floatRow(2)
      for operand in [1, 4] {
        let width = try context.floatRow(operand)
        try context.require(width == channels, "operand \(operand) is \(width) wide, u is \(channels)")
      }
      let width = try context.floatRow(3)
      try context.require(width == states, "c is \(width) wide, b is \(states)")
      try context.floatConstant(5, [channels, states])
      try context.floatConstant(6, [channels])
      try context.floatConstant(7, [channels])
      try requireStateScales(context, channels: channels)
      return ValueType(.f32, [channels])
    },
    evaluate: { context in
      let (channels, states) = (context.width, context.operandTypes[2].width)
      var state = [Double](repeating: 0, count: channels * states)
      return (0..<context.rows).flatMap { row in
        (0..<channels).map { scanChannel(context, row: row, channel: $0, states: states, state: &state) }
      }
    })

  /// A state of codes has scales, and no other.
  private static func requireStateScales(_ context: TypeContext, channels: Int) throws(TypeError) {
    let state = context.attributes.string("state")
    try context.require(
      [nil, "f16", "i8"].contains(state), "attribute 'state' is \"f16\" or \"i8\", or left out")
    try context.require(
      (state == "i8") == (context.operands.count > 8), "a state of codes, and no other, has scales")
    if state == "i8" { try context.floatConstant(8, [channels]) }
  }

  /// A state as it is kept for the next token.
  private static func stored(_ h: Double, _ context: EvaluationContext, channel: Int) -> Double {
    switch context.node.attributes.string("state") {
    case "f16": return Double(Float16(Float(min(max(h, -65_504), 65_504))))
    case "i8":
      let scale = context.operands[8][channel]
      return Double(Quantizer.code(Float(h), inverse: Quantizer.inverse(scale: scale), low: -128) * scale)
    default: return h
    }
  }

  /// One channel of one row; updates the channel's states.
  private static func scanChannel(
    _ context: EvaluationContext, row: Int, channel: Int, states: Int, state: inout [Double]
  ) -> Float {
    let index = row * context.width + channel
    let value = { (operand: Int) in Double(context.operands[operand][index]) }
    let coefficient = { (operand: Int, n: Int) in Double(context.operands[operand][row * states + n]) }
    let u = value(0)
    let step = value(1) + Double(context.operands[7][channel])
    let delta = step > 20 ? step : log1p(exp(step))
    var y = Double(context.operands[6][channel]) * u
    for n in 0..<states {
      let cell = channel * states + n
      let decay = exp(delta * Double(context.operands[5][cell]))
      state[cell] = decay * state[cell] + delta * u * coefficient(2, n)
      y += coefficient(3, n) * state[cell]
      state[cell] = stored(state[cell], context, channel: channel)
    }
    let gate = value(4)
    return Float(y * gate / (1 + exp(-gate)))
  }
}
