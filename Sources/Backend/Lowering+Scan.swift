import Diagnostics
import IR
import PlanFormat

/// Scans, channel by channel or by heads.
extension Lowering {
  mutating func selectScan(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let a = module[node.operands[5]]
    guard a.type.shape.count == 2 else { return try selectHeadScan(value) }
    let inputs = try scanInputs(node)
    let (channels, states) = (a.type.shape[0], a.type.shape[1])
    try require(states, "states a channel", in: PlanLimits.states, node)
    let decay = add(a.name, .f32, .channelBlocks, channels, states, as: .value(node.operands[5], padding: 0))
    let (skip, step) = (vector(node.operands[6]), vector(node.operands[7]))
    let state = addState(of: node, states: states)
    draft.append(
      .scan, program: program, name: node.name,
      [
        .u: .buffer(inputs[0]), .dt: .buffer(inputs[1]), .b: .buffer(inputs[2]), .c: .buffer(inputs[3]),
        .z: .buffer(inputs[4]), .a: .constant(decay), .d: .constant(skip), .dtBias: .constant(step),
        .state: state.offset, .output: .buffer(addBuffer(value)), .stateType: state.type,
        .stateScale: .constant(state.scales), .stateInverse: .constant(state.inverses),
        .peak: .buffer(observesStates ? addPeak(node) : .absent),
      ])
  }

  /// Two instructions: Δ of each head, and the scan.
  private mutating func selectHeadScan(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let inputs = try scanInputs(node)
    let groups = node.attributes.integer("groups") ?? 1
    let states = module[node.operands[2]].type.width / groups
    try require(groups, "groups of heads", in: 1...PlanLimits.groups, node)
    try require(states, "states a channel", in: PlanLimits.states, node)
    let delta = selectTimeStep(node, inputs[1])
    let (decay, skip) = (vector(node.operands[5]), vector(node.operands[6]))
    let state = addState(of: node, states: states)
    draft.append(
      .headScan, program: program, name: node.name,
      [
        .u: .buffer(inputs[0]), .delta: .buffer(delta), .b: .buffer(inputs[2]), .c: .buffer(inputs[3]),
        .z: .buffer(inputs[4]), .a: .constant(decay), .d: .constant(skip), .groups: .integer(UInt32(groups)),
        .state: state.offset, .output: .buffer(addBuffer(value)), .stateType: state.type,
        .stateScale: .constant(state.scales), .stateInverse: .constant(state.inverses),
        .peak: .buffer(observesStates ? addPeak(node) : .absent),
      ])
  }

  private mutating func selectTimeStep(_ scan: Node, _ input: BufferID) -> BufferID {
    let name = scan.sibling("delta")
    let bias = scan.operands[7]
    let output = draft.addBuffer(
      name, program: program, type: .f32, width: UInt32(module[bias].type.width), offset: 0)
    draft.append(
      .timeStep, program: program, name: name,
      [
        .input: .buffer(input), .bias: .constant(vector(bias)),
        .minimum: .float(scan.attributes.real("minimum") ?? 0),
        .maximum: .float(scan.attributes.real("maximum") ?? .infinity), .output: .buffer(output),
      ])
    return output
  }

  /// The buffers of u, dt, B, C and z.
  private func scanInputs(_ scan: Node) throws(DiagnosticFailure) -> [BufferID] {
    var inputs: [BufferID] = []
    for operand in scan.operands[..<5] { inputs.append(try buffer(operand)) }
    return inputs
  }

  /// Where a scan's state lies, and how it is stored.
  private struct ScanState {
    let offset, type: Operand
    let scales, inverses: ConstantID
  }

  private mutating func addState(of scan: Node, states: Int) -> ScanState {
    let types: [String: PlanFormat.ElementType] = ["f16": .f16, "i8": .i8]
    let type = scan.attributes.string("state").flatMap { types[$0] } ?? .f32
    let offset = takeState(bytes: padded(scan.type.width) * states * type.byteCount)
    let scales = type == .i8 ? stateScales(scan) : (.absent, .absent)
    return ScanState(
      offset: .stateOffset(UInt64(offset)), type: .integer(type.rawValue), scales: scales.0,
      inverses: scales.1)
  }

  /// The scales of a state of codes, and what its writer multiplies by.
  private mutating func stateScales(_ scan: Node) -> (ConstantID, ConstantID) {
    let scales = scan.operands[8]
    let inverse = add(
      "\(scan.stateName).inverse", .f32, .vector, scan.type.width, as: .inverse(of: scales, divisor: 1))
    return (vector(scales), inverse)
  }

  /// A buffer of the largest |h| of each channel, for calibration to see.
  private mutating func addPeak(_ scan: Node) -> BufferID {
    draft.addBuffer(
      scan.stateName, program: program, type: .f32, width: UInt32(scan.type.width), offset: 0)
  }
}
