/// What attention, gated MLPs and their experts add.
extension OpcodeSpec {
  private static func input(_ field: Field, _ width: Dimension) -> WordSpec {
    WordSpec(field: field, kind: .input(types: [.f32], width: width))
  }

  static let gate = OpcodeSpec(
    opcode: .gate, name: "gate", summary: "The input times SiLU(z).", programs: [.body],
    words: [
      input(.input, .width), input(.z, .width),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .width)),
    ], rows: .any, since: 2)

  static let attend = OpcodeSpec(
    opcode: .attend, name: "attend",
    summary:
      "Keeps keys and values in the sequence's pages, then causal attention over all of them; heads share keys in equal groups.",
    programs: [.body],
    words: [
      input(.q, .queries),
      WordSpec(field: .k, kind: .input(types: [.f32, .i8], width: .keys)),
      WordSpec(field: .v, kind: .input(types: [.f32, .i8], width: .keys)),
      WordSpec(field: .heads, kind: .integer(1...(1 << 16))),
      WordSpec(field: .keyHeads, kind: .integer(1...(1 << 16))),
      WordSpec(field: .scale, kind: .positiveFloat),
      WordSpec(field: .cache, kind: .state(.page)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .queries)),
    ], codesImply: [(.k, .v), (.v, .k)], since: 2)

  static let route = OpcodeSpec(
    opcode: .route, name: "route",
    summary: "Softmax over all experts, of which the largest stay and the others become 0.",
    programs: [.body],
    words: [
      input(.input, .experts),
      WordSpec(field: .count, kind: .integer(PlanLimits.experts)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .experts)),
    ], ranges: [(.experts, PlanLimits.experts)], since: 2)

  static let dispatch = OpcodeSpec(
    opcode: .dispatch, name: "dispatch",
    summary:
      "Takes out the rows whose route to an expert is not 0; what follows in their set runs for them alone.",
    programs: [.body],
    words: [
      input(.input, .width), input(.routes, .experts),
      WordSpec(field: .expert, kind: .integer(0...(PlanLimits.experts.upperBound - 1))),
      WordSpec(field: .inverse, kind: inverse(of: .output)),
      WordSpec(field: .output, kind: .output(types: [.f32, .i8, .i16], width: .width)),
    ], rows: .makesSet, since: 2)

  static let combine = OpcodeSpec(
    opcode: .combine, name: "combine",
    summary: "Adds the rows of a set, times their route to an expert, to the rows that they were taken from.",
    programs: [.body],
    words: [
      input(.input, .width), input(.routes, .experts),
      WordSpec(field: .expert, kind: .integer(0...(PlanLimits.experts.upperBound - 1))),
      WordSpec(field: .output, kind: .update(types: [.f32], width: .width)),
    ], rows: .readsSet, since: 2)
}
