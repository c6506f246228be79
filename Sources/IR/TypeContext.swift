/// Why operands or attributes do not fit an operation.
public struct TypeError: Error, Equatable, Sendable {
  /// One sentence without a final period.
  public let message: String

  /// An error with a message.
  public init(_ message: String) { self.message = message }
}

extension TypeError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}

/// What a type rule sees: the types of the operands, the attributes, and the scale asked for.
public struct TypeContext: Sendable {
  /// Types of the operands that are present.
  public let operands: [ValueType]
  /// Attributes of the node.
  public let attributes: Attributes
  /// Scale of a quantized result; operations without one ignore it.
  public let scale: Scale?

  /// What a rule is to look at.
  public init(operands: [ValueType], attributes: Attributes, scale: Scale?) {
    self.operands = operands
    self.attributes = attributes
    self.scale = scale
  }

  func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(TypeError) {
    guard condition else { throw TypeError(message()) }
  }

  /// The integer attribute `name`, which must be at least `minimum`.
  func integer(_ name: String, atLeast minimum: Int = 0) throws(TypeError) -> Int {
    guard let value = attributes.integer(name) else {
      throw TypeError("integer attribute '\(name)' is missing")
    }
    try require(value >= minimum, "attribute '\(name)' is \(value), at least \(minimum) is needed")
    return value
  }

  /// The real attribute `name`, which must be finite and above zero.
  func positive(_ name: String) throws(TypeError) -> Float {
    guard let value = attributes.real(name) else { throw TypeError("real attribute '\(name)' is missing") }
    try require(
      value.isFinite && value > 0, "attribute '\(name)' is \(value), a finite value above zero is needed")
    return value
  }

  /// The optional integer attribute `groups`, at least 1, which is its default.
  func groups() throws(TypeError) -> Int {
    attributes["groups"] == nil ? 1 : try integer("groups", atLeast: 1)
  }

  /// Operand `index` as one row of floats; returns its width.
  func floatRow(_ index: Int) throws(TypeError) -> Int {
    let type = operands[index]
    try require(
      type.element == .f32 && type.shape.count == 1,
      "operand \(index) is \(type.plain), a row of f32 is needed")
    return type.width
  }

  /// Operand `index` as a constant of floats with these sizes.
  func floatConstant(_ index: Int, _ shape: [Int]) throws(TypeError) {
    let type = operands[index]
    try require(
      type.element.isFloat && type.shape == shape,
      "operand \(index) is \(type.plain), floats of shape \(shape) are needed")
  }

  /// Operand `index` as a matrix; returns rows and columns.
  func matrix(_ index: Int) throws(TypeError) -> (rows: Int, columns: Int) {
    let type = operands[index]
    try require(type.shape.count == 2, "operand \(index) is \(type.plain), a matrix is needed")
    return (type.shape[0], type.shape[1])
  }
}

extension TypeContext {
  /// Operand `index` as a matrix of floats; returns rows and columns.
  func floatMatrix(_ index: Int) throws(TypeError) -> (rows: Int, columns: Int) {
    let type = operands[index]
    try require(
      type.element.isFloat && type.shape.count == 2,
      "operand \(index) is \(type.plain), a matrix of floats is needed")
    return (type.shape[0], type.shape[1])
  }

  /// Operand `index` as a matrix of codes, of 4 bits where operand `factors` is there; returns rows and columns.
  func codeMatrix(_ index: Int, factors: Int) throws(TypeError) -> (rows: Int, columns: Int) {
    let type = operands[index]
    let element = factors < operands.count ? ElementType.i4 : .i8
    try require(
      type.element == element && type.shape.count == 2,
      "operand \(index) is \(type.plain), a matrix of \(element.rawValue) is needed")
    try groupFactors(factors, rows: type.shape[0], columns: type.shape[1])
    return (type.shape[0], type.shape[1])
  }

  /// Operand `index`, where it is there, as the factors of the groups of a weight.
  func groupFactors(_ index: Int, rows: Int, columns: Int) throws(TypeError) {
    guard index < operands.count else { return }
    let needed = ValueType(.i8, [rows, (columns + Quantizer.group - 1) / Quantizer.group])
    try require(
      operands[index] == needed, "operand \(index) is \(operands[index].plain), \(needed.plain) is needed")
  }
}

extension ValueType {
  /// Element type and sizes, without the scale.
  public var plain: String { "\(element.rawValue)[\(shape.map(String.init).joined(separator: ", "))]" }
}
