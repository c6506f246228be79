import Diagnostics
import IR
import PlanFormat

/// Attention, gated MLPs and experts.
extension Lowering {
  /// The set that a value's rows are of: that of what it is made of, 0 for all rows.
  mutating func rowSet(of value: ValueID) -> UInt32 {
    if let known = rowSet[value] { return known }
    let node = module[value]
    guard let operand = node.operands.first, node.op != .combine, !module[operand].isConstant else {
      return 0
    }
    let set = rowSet(of: operand)
    rowSet[value] = set
    return set
  }

  mutating func selectGate(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let (x, z) = (try floatBuffer(node.operands[0]), try floatBuffer(node.operands[1]))
    draft.append(
      .gate, program: program, name: node.name,
      [.input: .buffer(x), .z: .buffer(z), .output: .buffer(addBuffer(value))])
  }

  mutating func selectAttention(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let (heads, keyHeads) = (node.attributes.integer("heads") ?? 1, node.attributes.integer("key_heads") ?? 1)
    let width = node.type.width / heads
    try require(width, "channels of a head of attention", in: PlanLimits.headWidth, node)
    let q = try floatBuffer(node.operands[0])
    let (k, v) = (try buffer(node.operands[1]), try buffer(node.operands[2]))
    let type = draft.buffers[Int(k.rawValue)].type
    guard type == draft.buffers[Int(v.rawValue)].type else { throw cannotLower(value) }
    let offset = draft.model.bytesPerPage
    draft.model.bytesPerPage += StateShape.pageBytes(
      keyHeads: UInt32(keyHeads), width: UInt32(width), type: type)
    draft.append(
      .attend, program: program, name: node.name,
      [
        .q: .buffer(q), .k: .buffer(k), .v: .buffer(v), .heads: .integer(UInt32(heads)),
        .keyHeads: .integer(UInt32(keyHeads)), .scale: .float(node.attributes.real("scale") ?? 1),
        .cache: .stateOffset(offset), .output: .buffer(addBuffer(value)),
      ])
  }

  mutating func selectRoute(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    try require(node.type.width, "experts", in: PlanLimits.experts, node)
    let input = try floatBuffer(node.operands[0])
    draft.append(
      .route, program: program, name: node.name,
      [
        .input: .buffer(input), .count: .integer(UInt32(node.attributes.integer("count") ?? 1)),
        .output: .buffer(addBuffer(value)),
      ])
  }

  mutating func selectDispatch(_ dispatch: ValueID, as value: ValueID) throws(DiagnosticFailure) {
    let node = module[dispatch]
    let (x, routes) = (try floatBuffer(node.operands[0]), try floatBuffer(node.operands[1]))
    rowSets += 1
    rowSet[dispatch] = rowSets
    draft.append(
      .dispatch, program: program, name: module[value].name,
      [
        .input: .buffer(x), .routes: .buffer(routes),
        .expert: .integer(UInt32(node.attributes.integer("expert") ?? 0)),
        .inverse: .constant(inverse(of: value)), .output: .buffer(addBuffer(value)),
      ])
  }

  /// The sum is computed in the buffer of its first term.
  mutating func selectCombine(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    let (sum, y) = (node.operands[0], node.operands[1])
    guard uses[sum.index].last == value else { throw cannotLower(value) }
    let (total, routes) = (try floatBuffer(sum), try floatBuffer(node.operands[2]))
    draft.append(
      .combine, program: program, name: node.name,
      [
        .input: .buffer(try floatBuffer(y)), .routes: .buffer(routes),
        .expert: .integer(UInt32(node.attributes.integer("expert") ?? 0)), .output: .buffer(total),
      ])
    buffers[value] = total
  }
}
