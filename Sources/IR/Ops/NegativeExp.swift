import Glibc

extension OpSpec {
  /// -exp(x) of every element: A from A_log.
  static let negativeExp = OpSpec(
    .negativeExp, "-exp(x) of every element: the scan's A from the checkpoint's A_log.", side: .constant,
    operands: [.constant("logarithm")],
    type: { context throws(TypeError) in
      try context.require(context.operands[0].element.isFloat, "floats are needed")
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in context.operands[0].map { Float(-exp(Double($0))) } })
}
