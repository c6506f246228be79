internal import CKernels

extension Context {
  /// Runs a program one step at a time.
  ///
  /// - Parameter around: is given the step's instructions and what carries them out, and calls that once.
  func runSteps(
    of program: BoundProgram, _ call: qk_call, around: (_ instructions: Range<Int>, _ run: () -> Void) -> Void
  ) {
    for (index, instructions) in program.instructions.enumerated() {
      let step = UnsafeBufferPointer(rebasing: program.steps[index...index])
      around(instructions) { withUnsafePointer(to: call) { qk_pool_run(pool, step.baseAddress, 1, $0) } }
    }
  }
}
