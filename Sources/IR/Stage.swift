/// How far a module has come on its way to a plan.
public enum Stage: String, CaseIterable, Comparable, Sendable {
  /// As the checkpoint has it.
  case imported
  /// Fused projections are split and norm gains folded where a recipe needs it.
  case folded
  /// Hadamard rotations are in place.
  case rotated
  /// Every tensor that will be quantized passes through `quantize` and `dequantize`.
  case ranged
  /// Products are integer products.
  case quantized

  /// Pipeline order.
  public static func < (left: Self, right: Self) -> Bool { left.order < right.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
