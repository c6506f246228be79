extension OpSpec {
  /// Causal depthwise convolution over the sequence, with zeros before its start.
  static let conv1d = OpSpec(
    .conv1d, "Causal depthwise convolution over the sequence; weight [channels, taps], oldest tap first.",
    operands: [.row("x"), .constant("weight"), .optionalConstant("bias")],
    type: { context throws(TypeError) in
      let (channels, taps) = try context.floatMatrix(1)
      let width = try context.floatRow(0)
      try context.require(
        width == channels && taps > 0, "the input is \(width) wide, the weight takes \(channels)")
      if context.operands.count > 2 { try context.floatConstant(2, [channels]) }
      return ValueType(.f32, [width])
    },
    evaluate: { context in
      let (width, taps) = (context.width, context.operandTypes[1].width)
      let (x, weight, bias) = (context.operands[0], context.operands[1], context.optional(2))
      return (0..<(context.rows * width)).map { index in
        let (row, channel) = (index / width, index % width)
        return (0..<taps).reduce(bias?[channel] ?? 0) { sum, tap in
          let source = row - (taps - 1) + tap
          return source < 0 ? sum : sum + weight[channel * taps + tap] * x[source * width + channel]
        }
      }
    })
}
