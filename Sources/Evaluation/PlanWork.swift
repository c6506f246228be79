import PlanFormat
public import PlanRuntime

/// What a plan's instructions do, and what a call must do at least.
public struct PlanWork: Equatable, Sendable {
  /// Every instruction, in the plan's order.
  public let instructions: [InstructionWork]
  /// The part of all rows that each instruction runs over: with experts, what is chosen of what there is.
  private let shares: [Double]

  /// Counts the work of a plan.
  ///
  /// - Complexity: linear in the instructions.
  public init(_ plan: Plan) {
    instructions = (0..<plan.view.instructionCount).map { InstructionWork($0, of: plan.view) }
    shares = Self.shares(plan.view)
  }

  private static func shares(_ view: PlanView) -> [Double] {
    var (routes, sets): ([BufferID: Double], [Double]) = ([:], [1])
    return (0..<view.instructionCount).map { index in
      let instruction = view.instruction(index)
      guard let output = instruction.buffersWritten.first else { return 1 }
      switch instruction.opcode {
      case .route: routes[output] = Double(instruction[.count]) / Double(view.buffer(output).width)
      case .dispatch: sets.append(instruction.buffer(.routes).flatMap { routes[$0] } ?? 1)
      default: break
      }
      return sets[Int(view.buffer(output).rowSet)]
    }
  }

  private func sum(_ part: (InstructionWork) -> Int) -> Int {
    Int(zip(instructions, shares).reduce(0.0) { $0 + Double(part($1.0)) * $1.1 }.rounded())
  }

  /// Bytes that the linear layers of body and head hold, without padding: weights, multipliers, biases,
  /// corrections and scales; of experts as many as one row is sent to.
  public var weightBytes: Int { sum(\.weightBytes) }

  /// Multiply-accumulates of the body's linear layers for one row.
  public var bodyProducts: Int { products(isHead: false) }

  /// Multiply-accumulates of the head for one row.
  public var headProducts: Int { products(isHead: true) }

  /// Whether any linear layer has int8 weights, so that its products are held against the int8 rate.
  public var isInt8: Bool { instructions.contains { $0.hasCodedWeights } }

  /// Multiply-accumulates of a prompt of so many rows: the body for all of them, the head for the last.
  public func prefillProducts(rows: Int) -> Double {
    Double(rows) * Double(bodyProducts) + Double(headProducts)
  }

  /// Multiply-accumulates of one decode step of so many sequences.
  public func stepProducts(batch: Int) -> Double { Double(batch) * Double(bodyProducts + headProducts) }

  /// The rate that products are held against: int8, or float32 where no weights are int8.
  public func productRate(_ limits: MachineLimits) -> Double { isInt8 ? limits.int8Rate : limits.floatRate }

  private func products(isHead: Bool) -> Int {
    sum { $0.isHead == isHead ? $0.products : 0 }
  }
}
