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
  /// `f32`, `i8` or `i16`.
  public let type: ElementType
  /// Elements of one row.
  public let width: Int
  /// Rows that the buffer has: those of the call, or of the row set that it belongs to.
  public let rows: Int
  /// Scale of a buffer of codes, 1 or `width` elements (value = q · scale); empty for float32.
  public let scale: UnsafeBufferPointer<Float>

  private let base: UnsafeRawPointer
  private let stride: Int
  /// The call's rows that are in the buffer; nil for all.
  private let list: UnsafeBufferPointer<UInt32>?

  init(_ output: TapOutputs.Output, rows: Int) {
    instruction = output.instruction
    buffer = output.buffer
    name = output.name
    type = output.type
    width = output.width
    scale = output.scale
    base = output.base
    stride = output.stride
    list = output.rowSets.rows(output.rowSet)
    self.rows = list?.count ?? rows
  }

  /// Whether the buffer has the rows of a row set: those that were dispatched to one expert.
  public var isOfRowSet: Bool { list != nil }

  /// The call's row that a row of the buffer belongs to.
  public func callRow(_ row: Int) -> Int { list.map { Int($0[row]) } ?? row }

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

  /// One code of a row of an int8 or int16 buffer.
  public func code(row: Int, channel: Int) -> Int {
    precondition(type.isCodes && channel >= 0 && channel < width, "the buffer has no such code")
    let high = start(of: row).assumingMemoryBound(to: Int8.self)
    guard type == .i16 else { return Int(high[channel]) }
    return Int(high[channel]) * 256 + Int(high[channel + (width + 15) / 16 * 16])
  }

  /// Where the codes of an int8 buffer lie, `[rows, width]`, and how far its rows are apart.
  package var codes: (base: UnsafePointer<Int8>, stride: Int) {
    precondition(type == .i8, "the buffer is not int8")
    return (base.assumingMemoryBound(to: Int8.self), stride)
  }

  /// Copies a row, `[width]`, dequantized if it holds codes.
  public func read(row: Int, into values: UnsafeMutableBufferPointer<Float>) {
    precondition(values.count >= width, "the row has more elements")
    guard type.isCodes else {
      _ = values.update(fromContentsOf: floats(row: row))
      return
    }
    for index in 0..<width {
      values[index] = Float(code(row: row, channel: index)) * scale[scale.count == 1 ? 0 : index]
    }
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
    let rowSet: UInt32
    let rowSets: RowSets
  }

  /// By instruction.
  let outputs: [[Output]]
  private let binder: Binder

  init(binder: Binder) {
    self.binder = binder
    outputs = (0..<binder.view.instructionCount).map { index in
      binder.view.instruction(index).buffersWritten.map { Self.output($0, of: index, binder) }
    }
  }

  /// A buffer that an instruction reads.
  func input(_ id: BufferID, of instruction: Int) -> Output { Self.output(id, of: instruction, binder) }

  private static func output(_ id: BufferID, of instruction: Int, _ binder: Binder) -> Output {
    let buffer = binder.view.buffer(id)
    let operand = binder.operand(id, factor: nil)
    return Output(
      instruction: instruction, buffer: id, name: binder.view.string(buffer.name), type: buffer.type,
      width: Int(buffer.width), scale: scale(of: buffer, binder), base: UnsafeRawPointer(operand.base),
      stride: Int(operand.stride), rowSet: buffer.rowSet, rowSets: binder.rowSets)
  }

  private static func scale(of buffer: Buffer, _ binder: Binder) -> UnsafeBufferPointer<Float> {
    guard !buffer.scale.isAbsent else { return UnsafeBufferPointer(start: nil, count: 0) }
    let count = Int(binder.view.constant(buffer.scale).d0)
    return UnsafeBufferPointer(start: binder.floats(buffer.scale), count: count)
  }
}
