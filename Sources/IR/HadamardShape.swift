/// How a Hadamard transform is laid over a width: blocks of `order` times a power of two.
public struct HadamardShape: Hashable, Sendable {
  /// Orders other than 1 that start a block, by Paley's constructions.
  public static let orders = [12, 20, 28, 36, 44, 60]

  /// Length of one block: `order` times a power of two.
  public let block: Int
  /// Size of the dense factor: 1 or one of `orders`.
  public let order: Int

  /// A given shape; nil where `block` is not `order` times a power of two or the order is not known.
  public init?(block: Int, order: Int) {
    guard order == 1 || Self.orders.contains(order), block >= order, block % order == 0,
      (block / order).nonzeroBitCount == 1
    else { return nil }
    self.block = block
    self.order = order
  }

  /// The shape for a width: one block where an order fits, otherwise blocks of the largest power of two dividing it.
  public init(width: Int) {
    precondition(width > 0, "a width is at least 1")
    let order = ([1] + Self.orders).first { width % $0 == 0 && (width / $0).nonzeroBitCount == 1 }
    self.order = order ?? 1
    block = order == nil ? 1 << width.trailingZeroBitCount : width
  }
}

extension HadamardShape {
  /// The sign at (row, column) of the block's matrix: Kronecker product of the Paley factor and Sylvester's.
  func sign(_ row: Int, _ column: Int) -> Int {
    let inner = block / order
    let sylvester = (row % inner & column % inner).nonzeroBitCount % 2 == 0 ? 1 : -1
    return sylvester * Self.paley(order, row / inner, column / inner)
  }

  /// The transform of one vector whose length is a multiple of `block`, normalized by 1/√block, by its definition.
  func transform(_ x: ArraySlice<Float>) -> [Float] {
    let x = Array(x)
    let factor = 1 / Double(block).squareRoot()
    return x.indices.map { index in
      let start = index - index % block
      let sum = (0..<block).reduce(0.0) { $0 + Double(sign(index - start, $1)) * Double(x[start + $1]) }
      return Float(sum * factor)
    }
  }

  /// Paley's matrix of an order: the first construction where order - 1 is a prime, 3 modulo 4, else the second.
  private static func paley(_ order: Int, _ row: Int, _ column: Int) -> Int {
    switch order {
    case 1: 1
    case 28, 36: paleySecond(prime: order / 2 - 1, row, column)
    default: (row == column ? 1 : 0) + bordered(prime: order - 1, corner: -1, row, column)
    }
  }

  /// Doubles the symmetric conference matrix C of a prime, 1 modulo 4: C ⊗ [1 1; 1 -1] + I ⊗ [1 -1; -1 -1].
  private static func paleySecond(prime: Int, _ row: Int, _ column: Int) -> Int {
    let conference = bordered(prime: prime, corner: 1, row / 2, column / 2)
    let (r, c) = (row % 2, column % 2)
    if conference != 0 { return conference * (r == 1 && c == 1 ? -1 : 1) }
    return r == 0 && c == 0 ? 1 : -1
  }

  /// The quadratic-residue matrix χ(i - j) with a border of ones above and `corner` at the left; 0 at (0, 0).
  private static func bordered(prime: Int, corner: Int, _ row: Int, _ column: Int) -> Int {
    if row == 0 { return column == 0 ? 0 : 1 }
    if column == 0 { return corner }
    return residue((row - column + prime) % prime, prime)
  }

  private static func residue(_ value: Int, _ prime: Int) -> Int {
    if value == 0 { return 0 }
    return (1..<prime).contains { $0 * $0 % prime == value } ? 1 : -1
  }
}
