internal import CKernels

/// One program as an array of steps with resolved arguments.
final class BoundProgram {
  let steps: UnsafeMutableBufferPointer<qk_step>
  /// The instructions that each step carries out.
  let instructions: [Range<Int>]
  let parts: UnsafeMutableBufferPointer<qk_linear_part>

  /// Takes ownership of both buffers.
  init(
    steps: UnsafeMutableBufferPointer<qk_step>, instructions: [Range<Int>],
    parts: UnsafeMutableBufferPointer<qk_linear_part>
  ) {
    self.steps = steps
    self.instructions = instructions
    self.parts = parts
  }

  deinit {
    steps.deallocate()
    parts.deallocate()
  }
}
