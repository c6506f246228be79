import PlanFormat

/// What a smoothed activation was multiplied by, channel by channel, before it became codes of one scale.
enum SmoothedChannels {
  /// The factors of each buffer as an instruction leaves it, where codes of one scale were written by an inverse per
  /// channel.
  static func factors(_ view: PlanView) -> [TapNames.Write: [Float]] {
    var found: [TapNames.Write: [Float]] = [:]
    for index in 0..<view.instructionCount {
      let instruction = view.instruction(index)
      for (output, inverse) in places(instruction) {
        guard let id = instruction.buffer(output), let constant = instruction.constant(inverse) else {
          continue
        }
        let buffer = view.buffer(id)
        let (scales, inverses) = (view.scales(of: buffer), view.floats(constant))
        guard scales.count == 1, inverses.count > 1 else { continue }
        let norm = instruction.opcode == .hadamard ? Double(instruction[.block]).squareRoot() : 1
        found[TapNames.Write(instruction: index, buffer: id)] = inverses.prefix(Int(buffer.width)).map {
          Float(Double($0) * Double(scales[0]) * norm)
        }
      }
    }
    return found
  }

  private static func places(_ instruction: Instruction) -> [(output: Field, inverse: Field)] {
    switch instruction.opcode {
    case .norm, .quantize, .dispatch: [(.output, .inverse)]
    case .conv: [(.output, .inverse), (.secondOutput, .secondInverse)]
    case .hadamard: [(.output, .factor)]
    default: []
    }
  }
}
