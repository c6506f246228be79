import CKernels
import IR

extension ConstantEvaluator {
  /// Rows of a matrix whose rows are rotated, each by itself.
  func rotateColumns(
    _ node: Node, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    try read(node.operands[0], rows: range, into: destination)
    let (block, order) = Self.hadamardShape(node)
    let factor = 1 / Double(block).squareRoot()
    withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { values in
      qk_rotate(
        destination.baseAddress, destination.count, UInt32(block), UInt32(order), factor, values.baseAddress)
    }
  }

  /// Rows of a matrix whose columns are rotated: every row needs all the others, so the whole is computed once.
  func rotateRows(
    _ id: ValueID, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    let whole = try rotatedMatrices.values(of: id) { try rotatedRows(module[id]) }
    let start = range.lowerBound * rowWidth(id)
    for index in destination.indices { destination[index] = whole[start + index] }
  }

  private func rotatedRows(_ node: Node) throws -> [Float] {
    let (block, order) = Self.hadamardShape(node)
    let factor = 1 / Double(block).squareRoot()
    var values = try vector(node.operands[0])
    let rows = node.type.shape[0]
    let width = values.count / rows
    let tile = 16
    withUnsafeTemporaryAllocation(of: Double.self, capacity: rows * tile) { columns in
      for first in stride(from: 0, to: width, by: tile) {
        let lanes = 0..<min(tile, width - first)
        for row in 0..<rows {
          for lane in lanes { columns[lane * rows + row] = Double(values[row * width + first + lane]) }
        }
        for start in stride(from: 0, to: lanes.count * rows, by: block) {
          qk_hadamard_f64(columns.baseAddress.map { $0 + start }, UInt32(block), UInt32(order))
        }
        for row in 0..<rows {
          for lane in lanes {
            values[row * width + first + lane] = Float(columns[lane * rows + row] * factor)
          }
        }
      }
    }
    return values
  }

  private static func hadamardShape(_ node: Node) -> (block: Int, order: Int) {
    (node.attributes.integer("block") ?? 1, node.attributes.integer("order") ?? 1)
  }
}
