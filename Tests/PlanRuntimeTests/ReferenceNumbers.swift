import Foundation
import PlanFormat

/// Reads the elements of a constant from the plan's bytes.
struct ConstantReader {
  let type: ElementType
  let d0: Int
  let d1: Int
  private let bytes: ArraySlice<UInt8>

  init(view: PlanView, bytes: [UInt8], id: ConstantID) {
    let constant = view.constant(id)
    (type, d0, d1) = (constant.type, Int(constant.d0), Int(constant.d1))
    self.bytes = bytes[view.constantRange(id)]
  }

  /// The element at a place in the layout.
  func element(_ index: Int) -> Double {
    let start = bytes.startIndex + index * type.byteCount
    let bits = (0..<type.byteCount).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
    return switch type {
    case .f32: Double(Float(bitPattern: bits))
    case .bf16: Double(Float(bitPattern: bits << 16))
    case .f16: Double(Float16(bitPattern: UInt16(bits)))
    case .i8: Double(Int8(truncatingIfNeeded: bits))
    case .i32: Double(Int32(bitPattern: bits))
    case .i16, .i4: .nan
    }
  }

  func vector(_ index: Int) -> Double { element(index) }

  /// The weight of one output and input.
  func panel(_ output: Int, _ input: Int) -> Double {
    let (panel, lane) = (output / 16, output % 16)
    guard type == .i8 else { return element((panel * d1 + input) * 16 + lane) }
    return element(((panel * (padded(d1, 4) / 4) + input / 4) * 16 + lane) * 4 + input % 4)
  }
}

func exponential(_ x: Double) -> Double { Foundation.exp(x) }
func softplus(_ x: Double) -> Double { x > 20 ? x : Foundation.log1p(Foundation.exp(x)) }
func silu(_ x: Double) -> Double { x / (1 + Foundation.exp(-x)) }

/// Paley's first construction, for orders one above a prime that is 3 modulo 4.
enum PaleyMatrix {
  static func signs(order: Int) -> [[Double]] {
    let prime = order - 1
    let squares = Set((1..<prime).map { $0 * $0 % prime })
    return (0..<order).map { row in
      (0..<order).map { column in
        if row == column || row == 0 { return 1 }
        return column != 0 && squares.contains((row - column + prime) % prime) ? 1 : -1
      }
    }
  }
}
