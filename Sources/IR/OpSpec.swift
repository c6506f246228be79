/// Everything that is to know about one operation.
///
/// The printer, the parser, the verifier, the evaluator and the documentation loop over these values; `IR/Ops/`
/// holds one file for each.
public struct OpSpec: Sendable {
  /// Where a value lives.
  public enum Side: Sendable {
    /// Known when the plan is made.
    case constant
    /// Computed once per row.
    case row
  }

  /// One operand.
  public struct Operand: Sendable {
    /// Name in the documentation.
    public let name: String
    /// Where the operand must live.
    public let side: Side
    /// Whether it may be left out; only trailing operands may.
    public let isOptional: Bool

    static func row(_ name: String) -> Self { Self(name: name, side: .row, isOptional: false) }
    static func constant(_ name: String) -> Self { Self(name: name, side: .constant, isOptional: false) }
    static func optionalConstant(_ name: String) -> Self {
      Self(name: name, side: .constant, isOptional: true)
    }
  }

  /// One attribute.
  public struct Attribute: Sendable {
    /// Name in the text form.
    public let name: String
    /// Kind of its value.
    public let kind: AttributeKind
    /// Whether it may be left out.
    public let isOptional: Bool

    init(_ name: String, _ kind: AttributeKind, optional: Bool = false) {
      self.name = name
      self.kind = kind
      self.isOptional = optional
    }
  }

  /// The operation that this specifies.
  public let op: Op
  /// What it computes, in one sentence.
  public let summary: String
  /// Where its value lives.
  public let side: Side
  /// Its operands in order.
  public let operands: [Operand]
  /// Its attributes.
  public let attributes: [Attribute]
  /// Stages in which it may stand.
  public let stages: ClosedRange<Stage>
  /// The type of the result, or why operands and attributes do not fit.
  public let inferType: @Sendable (TypeContext) throws(TypeError) -> ValueType
  /// The meaning in plain floats.
  public let evaluate: @Sendable (EvaluationContext) throws -> [Float]

  init(
    _ op: Op, _ summary: String, side: Side = .row, operands: [Operand] = [], attributes: [Attribute] = [],
    stages: ClosedRange<Stage> = .imported ... .quantized,
    type inferType: @escaping @Sendable (TypeContext) throws(TypeError) -> ValueType,
    evaluate: @escaping @Sendable (EvaluationContext) throws -> [Float]
  ) {
    self.op = op
    self.summary = summary
    self.side = side
    self.operands = operands
    self.attributes = attributes
    self.stages = stages
    self.inferType = inferType
    self.evaluate = evaluate
  }

  /// The specification of an operation.
  public static func of(_ op: Op) -> OpSpec { table[op]! }

  /// Every operation's specification.
  public static let all: [OpSpec] = [
    constant, sliceRows, reshape, negativeExp, scaleColumns, scaleRows, rotateColumns, rotateRows, columnMax,
    smoothingFactors, reciprocal, weightScale, groupFactors, quantizeWeight, dequantizeWeight,
    requantizeMultiplier, requantizeBias, tokens, embedding, rmsNorm, linear, slice, add, conv1d, silu,
    selectiveScan,
    scaleChannels,
    hadamard, quantize, dequantize, linearInt8, selectRows, gate, attention, route, dispatch, combine,
  ]

  private static let table = Dictionary(uniqueKeysWithValues: all.map { ($0.op, $0) })
}
