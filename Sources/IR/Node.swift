/// One operation and the value it defines.
public struct Node: Equatable, Sendable {
  /// What is computed.
  public var op: Op
  /// What it is computed from, all defined earlier.
  public var operands: [ValueID]
  /// Parameters that are not values.
  public var attributes: Attributes
  /// Type of the value.
  public var type: ValueType
  /// Name of the value, unique in the module.
  public var name: String
  /// The part of the model that it comes from, such as `backbone.layers.0.mixer`.
  public var origin: String
  /// The pass that made it.
  public var pass: String

  /// Makes a node.
  public init(
    _ op: Op, _ operands: [ValueID] = [], _ attributes: Attributes = [:], type: ValueType, name: String,
    origin: String, pass: String
  ) {
    self.op = op
    self.operands = operands
    self.attributes = attributes
    self.type = type
    self.name = name
    self.origin = origin
    self.pass = pass
  }

  /// Every value that this node depends on: its operands and the scales of its type.
  public var dependencies: [ValueID] {
    if case .perChannel(let scales)? = type.scale { operands + [scales] } else { operands }
  }

  /// Whether the value is a constant, known when the plan is made.
  public var isConstant: Bool { OpSpec.of(op).side == .constant }

  /// Where this is a scan, the name by which calibration knows the largest |h| of its channels.
  public var stateName: String { sibling("state") }

  /// The name with another last part.
  public func sibling(_ last: String) -> String {
    name.split(separator: ".").dropLast().map { $0 + "." }.joined() + last
  }

  /// The name with its sigil: `$` for constants, `%` for rows.
  public var reference: String { (isConstant ? "$" : "%") + name }
}
