import CKernels
import PlanFormat
import PlanRuntime

/// What the float module's tensors hold for the tokens of one call.
final class ReferenceRows {
  /// Rows of one tensor.
  private struct Tensor {
    let width: Int
    let values: UnsafeMutableBufferPointer<Float>
    /// The rows that the last call computed: with experts not all of them.
    var isComputed: [Bool]
  }

  /// Names of all tensors that the float plan writes, with their widths; none that stands for several widths.
  let widths: [String: Int]
  private let names: TapNames
  private var tensors: [String: Tensor] = [:]
  /// A tensor in which a NaN or an infinity was seen.
  private(set) var specialTensor: String?

  /// Makes room for `rows` rows of the tensors that are wanted.
  init(_ plan: Plan, rows: Int, wanted: (String) -> Bool) {
    names = TapNames(plan.view)
    var found: [String: Set<Int>] = [:]
    for (write, name) in names.written {
      found[name, default: []].insert(Int(plan.view.buffer(write.buffer).width))
    }
    widths = found.compactMapValues { $0.count == 1 ? $0.first : nil }
    for (name, width) in widths where wanted(name) {
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows * width)
      values.initialize(repeating: 0)
      tensors[name] = Tensor(
        width: width, values: values, isComputed: Array(repeating: false, count: rows))
    }
  }

  deinit { for tensor in tensors.values { tensor.values.deallocate() } }

  /// Keeps what an instruction of the float plan has written.
  func keep(_ event: TapEvent) {
    let write = TapNames.Write(instruction: event.instruction, buffer: event.buffer)
    guard let name = names.written[write], let tensor = tensors[name] else { return }
    var isComputed = Array(repeating: false, count: tensor.isComputed.count)
    for row in 0..<event.rows {
      let kept = event.callRow(row)
      isComputed[kept] = true
      let place = UnsafeMutableBufferPointer(
        rebasing: tensor.values[kept * tensor.width..<(kept + 1) * tensor.width])
      event.read(row: row, into: place)
      if !qk_all_finite(place.baseAddress, QK_F32, tensor.width) { specialTensor = name }
    }
    tensors[name]?.isComputed = isComputed
  }

  /// A row of a tensor that is kept, `[width]`; nil where the last call did not compute it.
  func row(_ row: Int, of name: String) -> UnsafeBufferPointer<Float>? {
    guard let tensor = tensors[name], tensor.isComputed[row] else { return nil }
    return UnsafeBufferPointer(rebasing: tensor.values[row * tensor.width..<(row + 1) * tensor.width])
  }
}
