import IR
import PlanFormat

/// Constants of the plan and how each follows from the module.
extension Lowering {
  mutating func add(
    _ name: String, _ type: PlanFormat.ElementType, _ layout: ConstantLayout, _ d0: Int, _ d1: Int = 0,
    as definition: ConstantDefinition
  ) -> ConstantID {
    definitions.append(definition)
    return draft.addConstant(name, type: type, layout: layout, d0: UInt32(d0), d1: UInt32(d1))
  }

  /// A vector of float32.
  mutating func vector(_ value: ValueID, padding: Float = 0) -> ConstantID {
    let node = module[value]
    return add(node.name, .f32, .vector, node.type.elementCount, as: .value(value, padding: padding))
  }

  /// An optional operand as a vector.
  mutating func optionalVector(_ node: Node, operand: Int) -> ConstantID {
    operand < node.operands.count ? vector(node.operands[operand]) : .absent
  }

  /// The scales of a value of codes: what a code stands for before smoothing divided its channels.
  mutating func scale(of value: ValueID) -> ConstantID {
    let name = "\(module[value].name).scale"
    switch module[value].type.scale {
    case .perTensor(let scale)?:
      guard let inverse = smoothing(of: value) else {
        return add(name, .f32, .vector, 1, as: .literal([scale]))
      }
      return add(
        name, .f32, .vector, module[value].type.width, as: .inverse(of: inverse, divisor: 1 / Double(scale)))
    case .perChannel(let scales)?:
      return add(name, .f32, .vector, module[scales].type.elementCount, as: .value(scales, padding: 0))
    case nil: return .absent
    }
  }

  /// What the channels of a value of codes were multiplied by, before it was rounded or in the rows of its weight.
  private func smoothing(of value: ValueID) -> ValueID? {
    let node = module[value]
    if node.op == .quantize {
      return isFused(node.operands[0]) ? module[node.operands[0]].operands[1] : nil
    }
    guard node.op == .linearInt8 else { return nil }
    let weight = module[module[node.operands[1]].operands[0]]
    guard weight.op == .scaleRows, module[weight.operands[1]].op == .reciprocal else { return nil }
    return weight.operands[1]
  }

  /// What the writer of a value of codes multiplies by; `divisor` is a further division, such as √n of a Hadamard matrix.
  mutating func inverse(of value: ValueID, divisor: Double = 1) -> ConstantID {
    let name = "\(module[value].name).inverse"
    switch module[value].type.scale {
    case .perTensor(let scale)? where isFused(module[value].operands[0]):
      let factors = module[module[value].operands[0]].operands[1]
      return add(
        name, .f32, .vector, module[value].type.width,
        as: .quotient(factors, divisor: Double(scale) * divisor))
    case .perChannel(let scales)?:
      return add(
        name, .f32, .vector, module[scales].type.elementCount, as: .inverse(of: scales, divisor: divisor))
    case .perTensor(let scale)?:
      return add(name, .f32, .vector, 1, as: .literal([Float(1 / (Double(scale) * divisor))]))
    case nil: return .absent
    }
  }

  /// A constant is kept in the checkpoint's own type where nothing was folded into it.
  func storedType(_ value: ValueID) -> PlanFormat.ElementType {
    var value = value
    while module[value].op == .sliceRows { value = module[value].operands[0] }
    guard module[value].op == .constant else { return .f32 }
    return PlanFormat.ElementType(module[value].type.element)
  }
}

extension PlanFormat.ElementType {
  /// The same type in a plan file.
  init(_ element: IR.ElementType) {
    switch element {
    case .f32: self = .f32
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .i8: self = .i8
    case .i4: self = .i4
    case .i16: self = .i16
    case .i32: self = .i32
    }
  }
}
