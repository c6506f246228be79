import Diagnostics
import IR
import PlanFormat

/// One instruction each.
extension Lowering {
  mutating func selectEmbedding(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let table = node.operands[1]
    let (rows, width) = (module[table].type.shape[0], module[table].type.shape[1])
    let isCodes = module[table].op == .quantizeWeight
    let stored = isCodes ? .i8 : storedType(table)
    let id = add(
      module[table].name, stored, .rowMajor, rows, width, as: isCodes ? .codeRows(table) : .source(table))
    let scales = isCodes ? vector(node.operands[2]) : .absent
    draft.model.width = UInt32(width)
    let output = addBuffer(value)
    draft.append(
      .embed, program: program, name: node.name,
      [.table: .constant(id), .rowScale: .constant(scales), .output: .buffer(output)])
  }

  mutating func selectNorm(_ norm: ValueID, as value: ValueID) throws(DiagnosticFailure) {
    let node = module[norm]
    let input = try floatBuffer(node.operands[0])
    let gain = vector(node.operands[1])
    let inverse = inverse(of: value)
    let groups = node.attributes.integer("groups") ?? 1
    try require(groups, "groups of a norm", in: 1...PlanLimits.groups, node)
    draft.append(
      .norm, program: program, name: module[value].name,
      [
        .input: .buffer(input), .gain: .constant(gain),
        .epsilon: .float(node.attributes.real("epsilon") ?? 0),
        .inverse: .constant(inverse), .output: .buffer(addBuffer(value)),
        .groups: .integer(UInt32(groups > 1 ? groups : 0)),
      ])
  }

  mutating func selectLinear(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let operands = try linearOperands(value)
    draft.append(
      .linear, program: program, name: node.name,
      [
        .input: .buffer(try buffer(node.operands[0])), .weights: .constant(operands.weights),
        .correction: .constant(operands.correction), .multiplier: .constant(operands.multiplier),
        .bias: .constant(operands.bias), .accumulate: .integer(0), .output: .buffer(addBuffer(value)),
        .factors: .constant(operands.factors),
      ])
  }

  /// A sum is computed by the linear layer that gives one of its terms, in the buffer of the other.
  mutating func selectAdd(_ value: ValueID) throws(DiagnosticFailure) {
    let terms = module[value].operands
    guard let product = terms.first(where: { isAccumulated($0) }),
      let sum = terms.first(where: { $0 != product }),
      uses[sum.index].last == value
    else { throw cannotLower(value) }
    let node = module[product]
    let operands = try linearOperands(product)
    let output = try floatBuffer(sum)
    draft.append(
      .linear, program: program, name: module[value].name,
      [
        .input: .buffer(try buffer(node.operands[0])), .weights: .constant(operands.weights),
        .correction: .constant(operands.correction), .multiplier: .constant(operands.multiplier),
        .bias: .constant(operands.bias), .accumulate: .integer(1), .output: .buffer(output),
        .factors: .constant(operands.factors),
      ])
    buffers[value] = output
  }

  func isAccumulated(_ value: ValueID) -> Bool {
    [.linear, .linearInt8].contains(module[value].op) && module[value].type.element == .f32
      && soleUse(of: value, as: .add) != nil
  }

  private struct LinearOperands {
    var weights, correction, multiplier, bias: ConstantID
    var factors = ConstantID.absent
  }

  private mutating func linearOperands(_ value: ValueID) throws(DiagnosticFailure) -> LinearOperands {
    let node = module[value]
    let weight = node.operands[1]
    let (outputs, inputs) = (module[weight].type.shape[0], module[weight].type.shape[1])
    try require(inputs, "inputs of a product", in: PlanLimits.productInputs, node)
    if node.op == .linear {
      _ = try floatBuffer(node.operands[0])
      let weights = add(
        module[weight].name, storedType(weight), .panelsFloat, outputs, inputs, as: .floatPanels(weight))
      return LinearOperands(
        weights: weights, correction: .absent, multiplier: .absent, bias: optionalVector(node, operand: 2))
    }
    let isGrouped = module[weight].type.element == .i4
    let weights = add(
      module[weight].name, PlanFormat.ElementType(module[weight].type.element),
      isGrouped ? .panelsInt4 : .panelsInt8, outputs, inputs, as: .codePanels(weight))
    let factors =
      isGrouped
      ? add(
        module[node.operands[4]].name, .i8, .groupFactors, outputs, module[node.operands[4]].type.width,
        as: .factors(ofPanels: weights)) : .absent
    let hasCodes = module[node.operands[0]].type.element.isCodes
    let correction =
      hasCodes
      ? add("\(node.name).correction", .i32, .vector, outputs, as: .correction(ofPanels: weights)) : .absent
    return LinearOperands(
      weights: weights, correction: correction, multiplier: vector(node.operands[2], padding: 1),
      bias: add(module[node.operands[3]].name, .f32, .vector, outputs, as: .bias(ofProduct: value)),
      factors: factors)
  }

  mutating func selectConvolution(_ value: ValueID) throws(DiagnosticFailure) {
    guard module[module[value].operands[0]].op == .conv1d,
      soleUse(of: module[value].operands[0], as: .silu) == value
    else { throw cannotLower(value) }
    let node = module[module[value].operands[0]]
    let input = try buffer(node.operands[0])
    let (channels, taps) = (module[node.operands[1]].type.shape[0], module[node.operands[1]].type.shape[1])
    try require(taps, "taps of a convolution", in: PlanLimits.taps, node)
    let weights = add(
      module[node.operands[1]].name, .f32, .taps, taps, channels, as: .value(node.operands[1], padding: 0))
    let bias = optionalVector(node, operand: 2)
    let outputs = convolutionOutputs(value)
    let inverses = outputs.map { inverse(of: $0) }
    let places = outputs.map { addBuffer($0) }
    let bytes = draft.buffers[Int(input.rawValue)].type.byteCount
    draft.append(
      .conv, program: program, name: module[value].name,
      [
        .input: .buffer(input), .weights: .constant(weights), .bias: .constant(bias),
        .state: .stateOffset(UInt64(takeState(bytes: (taps - 1) * padded(channels) * Int(bytes)))),
        .inverse: .constant(inverses[0]), .output: .buffer(places[0]),
        .secondInverse: .constant(inverses.count > 1 ? inverses[1] : .absent),
        .secondOutput: .buffer(places.count > 1 ? places[1] : .absent),
      ])
  }

  /// The forms in which a convolution's result is wanted: float, or codes of one or two scales, at most two in all.
  private mutating func convolutionOutputs(_ value: ValueID) -> [ValueID] {
    let quantized = uses[value.index].compactMap(quantize(at:))
    let needsFloat = quantized.count < uses[value.index].count || quantized.count > 2
    let outputs = (needsFloat ? [value] : []) + quantized.prefix(needsFloat ? 1 : 2)
    computed.formUnion(outputs)
    return outputs
  }

  mutating func selectHadamard(_ transform: ValueID, as value: ValueID) throws(DiagnosticFailure) {
    let node = module[transform]
    let scaling = isFused(node.operands[0]) ? module[node.operands[0]] : nil
    let input = try floatBuffer(scaling?.operands[0] ?? node.operands[0])
    let gain = scaling.map { vector($0.operands[1]) } ?? .absent
    let (block, order) = (node.attributes.integer("block") ?? 0, node.attributes.integer("order") ?? 0)
    let norm = Double(block).squareRoot()
    let factor =
      module[value].op == .quantize
      ? inverse(of: value, divisor: norm)
      : add("\(node.name).factor", .f32, .vector, 1, as: .literal([Float(1 / norm)]))
    draft.append(
      .hadamard, program: program, name: module[value].name,
      [
        .input: .buffer(input), .factor: .constant(factor), .order: .integer(UInt32(order)),
        .block: .integer(UInt32(block)), .output: .buffer(addBuffer(value)), .gain: .constant(gain),
      ])
  }

  /// Factors of channels that no reader multiplies by: a transform of blocks of one.
  mutating func selectScaling(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let input = try floatBuffer(node.operands[0])
    let one = add("\(node.name).one", .f32, .vector, 1, as: .literal([1]))
    draft.append(
      .hadamard, program: program, name: node.name,
      [
        .input: .buffer(input), .factor: .constant(one), .order: .integer(1), .block: .integer(1),
        .output: .buffer(addBuffer(value)), .gain: .constant(vector(node.operands[1])),
      ])
  }

  mutating func selectRows(_ value: ValueID) throws(DiagnosticFailure) {
    let input = try floatBuffer(module[value].operands[0])
    program = .head
    draft.append(
      .select, program: program, name: module[value].name,
      [.input: .buffer(input), .output: .buffer(addBuffer(value))])
  }

  /// Takes room in the state slot; returns its offset in bytes.
  mutating func takeState(bytes: Int) -> Int {
    defer { stateBytes += (bytes + 63) / 64 * 64 }
    return stateBytes
  }

  func padded(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
}
