public import JSONText
import PlanRuntime

extension Profile {
  /// The figures by name, as in `Schemas/profile.schema.json`.
  public var json: JSONValue {
    .object([
      ("threads", .integer(Int64(threads))), ("instruction_set", .string(instructionSet)),
      ("phases", .array(phases.map(\.json))),
    ])
  }

  /// Every step as a complete event of the Chrome trace format, in microseconds since the first.
  public var trace: JSONValue {
    let origin = phases.first?.events.first?.start ?? 0
    return .array(phases.flatMap { phase in phase.events.map { $0.json(phase: phase, origin: origin) } })
  }
}

extension ProfilePhase {
  fileprivate var json: JSONValue {
    let total = seconds
    func table(_ entries: [ProfileEntry]) -> JSONValue {
      .array(entries.map { $0.json(limits, total: total) })
    }
    return .object([
      ("name", .string(name)), ("tokens", .integer(Int64(tokens))), ("seconds", .number(total)),
      ("plain_seconds", .number(plainSeconds)),
      ("read_bytes_per_second", .number(limits.readBandwidth)),
      ("int8_products_per_second", .number(limits.int8Rate)),
      ("float_products_per_second", .number(limits.floatRate)),
      ("opcodes", table(opcodes)), ("roles", table(roles)), ("layers", table(layers)),
    ])
  }
}

extension ProfileEntry {
  fileprivate func json(_ limits: MachineLimits, total: Double) -> JSONValue {
    .object([
      ("name", .string(name)), ("calls", .integer(Int64(cost.calls))), ("seconds", .number(cost.seconds)),
      ("share_of_time", .number(total > 0 ? cost.seconds / total : 0)), ("bytes", .number(cost.bytes)),
      ("int8_products", .number(cost.int8Products)), ("float_operations", .number(cost.floatOperations)),
      ("read_share", .number(cost.readShare(limits))), ("int8_share", .number(cost.int8Share(limits))),
      ("float_share", .number(cost.floatShare(limits))),
    ])
  }
}

extension ProfileEvent {
  fileprivate func json(phase: ProfilePhase, origin: Int) -> JSONValue {
    .object([
      ("name", .string(role)), ("cat", .string(opcode)), ("ph", "X"),
      ("ts", .number(Double(start - origin) / 1000)), ("dur", .number(Double(cost.nanoseconds) / 1000)),
      ("pid", 1), ("tid", 1),
      (
        "args",
        .object([
          ("phase", .string(phase.name)), ("layer", .string(layer)), ("bytes", .number(cost.bytes)),
          ("int8_products", .number(cost.int8Products)), ("float_operations", .number(cost.floatOperations)),
        ])
      ),
    ])
  }
}
