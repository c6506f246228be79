import PlanFormat
public import PlanRuntime

/// What a plan's instructions do, and what a call must do at least.
public struct PlanWork: Equatable, Sendable {
  /// Every instruction, in the plan's order.
  public let instructions: [InstructionWork]

  /// Counts the work of a plan.
  ///
  /// - Complexity: linear in the instructions.
  public init(_ plan: Plan) {
    instructions = (0..<plan.view.instructionCount).map { InstructionWork($0, of: plan.view) }
  }

  /// Bytes that the linear layers of body and head hold, without padding: weights, multipliers, biases,
  /// corrections and scales.
  public var weightBytes: Int { instructions.reduce(0) { $0 + $1.weightBytes } }

  /// Multiply-accumulates of the body's linear layers for one row.
  public var bodyProducts: Int { products(isHead: false) }

  /// Multiply-accumulates of the head for one row.
  public var headProducts: Int { products(isHead: true) }

  /// Whether any linear layer has int8 weights, so that its products are held against the int8 rate.
  public var isInt8: Bool { instructions.contains { $0.hasInt8Weights } }

  /// Multiply-accumulates of a prompt of so many rows: the body for all of them, the head for the last.
  public func prefillProducts(rows: Int) -> Double {
    Double(rows) * Double(bodyProducts) + Double(headProducts)
  }

  /// Multiply-accumulates of one decode step of so many sequences.
  public func stepProducts(batch: Int) -> Double { Double(batch) * Double(bodyProducts + headProducts) }

  /// The rate that products are held against: int8, or float32 where no weights are int8.
  public func productRate(_ limits: MachineLimits) -> Double { isInt8 ? limits.int8Rate : limits.floatRate }

  private func products(isHead: Bool) -> Int {
    instructions.reduce(0) { $0 + ($1.isHead == isHead ? $1.products : 0) }
  }
}
