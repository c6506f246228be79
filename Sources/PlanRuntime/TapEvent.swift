internal import CKernels
public import PlanFormat

/// A buffer that an instruction has just written, valid while the tap runs.
public struct TapEvent {
  /// The instruction's index in the plan.
  public let instruction: Int
  /// The buffer's index in the plan.
  public let buffer: BufferID
  /// The buffer's name.
  public let name: String
  /// `f32` or `i8`.
  public let type: ElementType
  /// Elements of one row.
  public let width: Int
  /// Rows of the call.
  public let rows: Int
  /// Scale of an int8 buffer, 1 or `width` elements (value = q · scale); empty for float32.
  public let scale: UnsafeBufferPointer<Float>

  private let base: UnsafeRawPointer
  private let stride: Int

  init(_ output: TapOutputs.Output, rows: Int) {
    instruction = output.instruction
    buffer = output.buffer
    name = output.name
    type = output.type
    width = output.width
    scale = output.scale
    base = output.base
    stride = output.stride
    self.rows = rows
  }

  /// A row of a float32 buffer, `[width]`.
  public func floats(row: Int) -> UnsafeBufferPointer<Float> {
    precondition(type == .f32, "the buffer is not float32")
    return UnsafeBufferPointer(start: start(of: row).assumingMemoryBound(to: Float.self), count: width)
  }

  /// A row of an int8 buffer, `[width]`, as codes.
  public func codes(row: Int) -> UnsafeBufferPointer<Int8> {
    precondition(type == .i8, "the buffer is not int8")
    return UnsafeBufferPointer(start: start(of: row).assumingMemoryBound(to: Int8.self), count: width)
  }

  /// Copies a row, `[width]`, dequantized if it is int8.
  public func read(row: Int, into values: UnsafeMutableBufferPointer<Float>) {
    precondition(values.count >= width, "the row has more elements")
    guard type == .i8 else {
      _ = values.update(fromContentsOf: floats(row: row))
      return
    }
    let codes = codes(row: row)
    for index in 0..<width { values[index] = Float(codes[index]) * scale[scale.count == 1 ? 0 : index] }
  }

  private func start(of row: Int) -> UnsafeRawPointer {
    precondition(row >= 0 && row < rows, "the call has no such row")
    return base + row * stride
  }
}

/// What taps say of the buffers that each instruction writes.
struct TapOutputs {
  struct Output {
    let instruction: Int
    let buffer: BufferID
    let name: String
    let type: ElementType
    let width: Int
    let scale: UnsafeBufferPointer<Float>
    let base: UnsafeRawPointer
    let stride: Int
  }

  /// By instruction.
  let outputs: [[Output]]

  init(binder: Binder) {
    let view = binder.view
    outputs = (0..<view.instructionCount).map { index in
      view.instruction(index).buffersWritten.map { id in
        let buffer = view.buffer(id)
        let operand = binder.operand(id, factor: nil)
        return Output(
          instruction: index, buffer: id, name: view.string(buffer.name), type: buffer.type,
          width: Int(buffer.width), scale: Self.scale(of: buffer, binder),
          base: UnsafeRawPointer(operand.base), stride: Int(operand.stride))
      }
    }
  }

  private static func scale(of buffer: Buffer, _ binder: Binder) -> UnsafeBufferPointer<Float> {
    guard !buffer.scale.isAbsent else { return UnsafeBufferPointer(start: nil, count: 0) }
    let count = Int(binder.view.constant(buffer.scale).d0)
    return UnsafeBufferPointer(start: binder.floats(buffer.scale), count: count)
  }
}
