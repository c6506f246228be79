package import IR
public import PlanFormat

/// A plan whose constants are still expressions.
public struct LoweredPlan: Sendable {
  /// Instructions, buffers and the shapes of constants; tokenizer, metadata and golden are for the caller to add.
  public var draft: PlanDraft
  /// How each constant of the draft is computed.
  let definitions: [ConstantDefinition]
  /// The module that the definitions refer to.
  package let module: Module
}

/// How the bytes of a plan's constant follow from the module's constants.
enum ConstantDefinition: Sendable {
  /// Numbers known when the plan is lowered.
  case literal([Float])
  /// A constant of the module as float32, in the layout that the plan asks for; padding is `padding`.
  case value(ValueID, padding: Float)
  /// A constant of the module copied in its own type.
  case source(ValueID)
  /// A weight's codes in panels.
  case codePanels(ValueID)
  /// The factors of the groups of another constant's panels.
  case factors(ofPanels: ConstantID)
  /// A float weight in panels, in the type of the plan's constant.
  case floatPanels(ValueID)
  /// A table's codes, row by row.
  case codeRows(ValueID)
  /// The bias of an integer product, in units of its result.
  case bias(ofProduct: ValueID)
  /// The corrections of another constant's panels.
  case correction(ofPanels: ConstantID)
  /// What a writer multiplies by, from a constant of scales: `1 / (scale · divisor)`, computed in double.
  case inverse(of: ValueID, divisor: Double)
  /// A vector divided by a number, computed in double.
  case quotient(ValueID, divisor: Double)
}

extension ConstantDefinition {
  /// The codes that are packed, where the constant holds codes.
  var codes: ValueID? {
    switch self {
    case .codePanels(let id), .codeRows(let id): id
    case .literal, .value, .source, .floatPanels, .bias, .correction, .factors, .inverse, .quotient: nil
    }
  }
}
