internal import CKernels
internal import PlanFormat

/// Where the operands of a context's steps lie.
struct Binder {
  let view: PlanView
  let kernels: qk_kernel_table
  /// The arenas of both programs and how many rows each holds.
  let bodyArena: UnsafeMutableRawPointer
  let headArena: UnsafeMutableRawPointer
  let bodyRows: Int
  let headRows: Int
  /// The sets that rows are dispatched to, by number from 1.
  let rowSets: RowSets
  /// The pages that keep keys and values.
  let pages: PageLayout
  /// Per-thread scratch, filled in once its size is known.
  let scratch: UnsafePointer<UnsafeMutablePointer<UInt8>?>

  /// Products of one input in one step at most: keeps the search for overlaps linear.
  private static let partLimit = 16

  /// Binds the instructions of one program.
  func bind(_ program: Program) -> BoundProgram {
    let all = (0..<view.instructionCount).map(view.instruction)
    let range = all.indices.filter { all[$0].program == program }
    let groups = group(all, range)
    let steps = UnsafeMutableBufferPointer<qk_step>.allocate(capacity: groups.count)
    let linears = range.count { all[$0].opcode == .linear }
    let parts = UnsafeMutableBufferPointer<qk_linear_part>.allocate(capacity: linears)
    var dependencies = Dependencies(model: view.model)
    var firstPart = 0
    for (index, group) in groups.enumerated() {
      var step = qk_step()
      bind(all[group], into: &step, parts: parts, from: &firstPart)
      step.instruction = UInt32(group.lowerBound)
      step.barrier = dependencies.needBarrier(before: all[group], of: program, in: view) ? 1 : 0
      step.scratch = scratch
      step.call = call(of: all[group.lowerBound])
      steps.initializeElement(at: index, to: step)
    }
    return BoundProgram(steps: steps, instructions: groups, parts: parts)
  }

  /// Consecutive instructions that become one step: products of the same input, no output over another.
  private func group(_ all: [Instruction], _ range: [Int]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    for index in range {
      if let last = groups.last, last.count < Self.partLimit, canJoin(all[index], all[last]) {
        groups[groups.count - 1] = last.lowerBound..<(index + 1)
      } else {
        groups.append(index..<(index + 1))
      }
    }
    return groups
  }

  private func canJoin(_ next: Instruction, _ group: ArraySlice<Instruction>) -> Bool {
    guard next.opcode == .linear, let first = group.first, first.opcode == .linear,
      first[.input] == next[.input], weightType(first) == weightType(next)
    else { return false }
    let output = view.buffer(BufferID(next[.output]))
    return group.allSatisfy { !view.buffer(BufferID($0[.output])).overlaps(output) }
  }

  private func weightType(_ instruction: Instruction) -> ElementType {
    view.constant(ConstantID(instruction[.weights])).type
  }

  private func bind(
    _ group: ArraySlice<Instruction>, into step: inout qk_step,
    parts: UnsafeMutableBufferPointer<qk_linear_part>, from firstPart: inout Int
  ) {
    guard let instruction = group.first else { return }
    switch instruction.opcode {
    case .embed: (step.kernel, step.args.embed) = (kernels.embed, embed(instruction))
    case .norm: (step.kernel, step.args.norm) = (kernels.norm, norm(instruction))
    case .linear:
      let range = firstPart..<(firstPart + group.count)
      for (index, member) in zip(range, group) { parts.initializeElement(at: index, to: part(member)) }
      firstPart = range.upperBound
      let bound = UnsafeBufferPointer(rebasing: parts[range])
      (step.kernel, step.args.linear) = (kernels.linear, linear(instruction, bound))
    case .conv: (step.kernel, step.args.conv) = (kernels.conv, conv(instruction))
    case .scan: (step.kernel, step.args.scan) = (kernels.scan, scan(instruction))
    case .hadamard: (step.kernel, step.args.hadamard) = (kernels.hadamard, hadamard(instruction))
    case .quantize: (step.kernel, step.args.quantize) = (kernels.quantize, quantize(instruction))
    case .select: (step.kernel, step.args.select) = (kernels.select, select(instruction))
    case .headScan: (step.kernel, step.args.head_scan) = (kernels.head_scan, headScan(instruction))
    case .timeStep: (step.kernel, step.args.time_step) = (kernels.time_step, timeStep(instruction))
    case .gate: (step.kernel, step.args.gate) = (kernels.gate, gate(instruction))
    case .attend: (step.kernel, step.args.attend) = (kernels.attend, attend(instruction))
    case .route: (step.kernel, step.args.route) = (kernels.route, route(instruction))
    case .dispatch: (step.kernel, step.args.dispatch) = (kernels.dispatch, dispatch(instruction))
    case .combine: (step.kernel, step.args.combine) = (kernels.combine, combine(instruction))
    }
  }
}
