/// The type of a value: `f32[768]` for one row of activations, `bf16[1536, 768]` for a constant,
/// `i8[768]@0.0123` for a row of codes with one scale (`i16` where they have 16 bits), `i8[768]@[$scales]` with a constant of scales per channel.
public struct ValueType: Hashable, Sendable {
  /// Type of the elements.
  public var element: ElementType
  /// Sizes, outermost first.
  ///
  /// Row values have one dimension; the number of rows belongs to the call.
  public var shape: [Int]
  /// Step between neighbouring codes of a quantized row value.
  public var scale: Scale?

  /// Makes a type; `scale` belongs to quantized row values alone.
  public init(_ element: ElementType, _ shape: [Int], scale: Scale? = nil) {
    self.element = element
    self.shape = shape
    self.scale = scale
  }

  /// Product of the sizes; `Int.max` where it is larger.
  public var elementCount: Int {
    shape.reduce(1) { count, size in
      let (product, overflows) = count.multipliedReportingOverflow(by: size)
      return overflows ? .max : product
    }
  }
  /// Last size: the number of channels of a row value, the number of inputs of a weight.
  public var width: Int { shape.last ?? 1 }
}

/// The step between neighbouring codes of a quantized row value.
public enum Scale: Hashable, Sendable {
  /// One scale for all channels.
  case perTensor(Float)
  /// A constant with one scale per channel.
  case perChannel(ValueID)
}

/// A value of a module: the index of the node that defines it.
public struct ValueID: Hashable, Comparable, Sendable {
  /// Position in `Module.nodes`.
  public let index: Int

  /// The value that the node at `index` defines.
  public init(_ index: Int) { self.index = index }

  /// Definition order.
  public static func < (left: Self, right: Self) -> Bool { left.index < right.index }
}
