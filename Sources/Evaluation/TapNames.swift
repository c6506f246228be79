import PlanFormat

/// What stands in a plan's buffers at each instruction, by name.
///
/// A buffer that an instruction adds to holds the sum that the instruction names; any other has a name of its own.
struct TapNames {
  /// A buffer as one instruction leaves it.
  struct Write: Hashable {
    let instruction: Int
    let buffer: BufferID
  }

  /// The name of what each instruction writes.
  let written: [Write: String]
  /// The name of what stands in each buffer that an instruction reads, before it runs.
  let read: [Write: String]

  /// Follows all instructions in order.
  init(_ view: PlanView) {
    var (written, read): ([Write: String], [Write: String]) = ([:], [:])
    var held: [BufferID: String] = [:]
    for index in 0..<view.instructionCount {
      let instruction = view.instruction(index)
      for id in instruction.buffersRead {
        read[Write(instruction: index, buffer: id)] = held[id]
      }
      let sums = instruction.buffersRead
      for id in instruction.buffersWritten {
        let name = view.string(sums.contains(id) ? instruction.name : view.buffer(id).name)
        written[Write(instruction: index, buffer: id)] = name
        held[id] = name
      }
    }
    (self.written, self.read) = (written, read)
  }
}

/// Names of tensors in a quantized plan and in the float module that it was made from.
enum FloatNames {
  /// The tensor of the float module whose values a tensor of the plan stands for; nil where there is none.
  ///
  /// Quantization keeps the name for the codes, adds `.f32` for the values before, and `_scan` for a second set of
  /// codes.
  static func counterpart(of name: String, in names: Set<String>) -> String? {
    let stems = [".f32", "_scan", "_scan.f32"].compactMap { suffix in
      name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
    }
    return ([name] + stems).first(where: names.contains)
  }
}
