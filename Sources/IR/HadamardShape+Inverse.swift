extension HadamardShape {
  /// Undoes the normalized transform of a vector whose length is a multiple of `block`.
  ///
  /// The inverse is the transposed matrix: Paley's factor is transposed, Sylvester's is symmetric.
  /// - Complexity: O(n · (log(block / order) + order)).
  public func inverse(_ x: [Float]) -> [Float] {
    precondition(x.count % block == 0, "the length must be a multiple of the block")
    var values = x.map(Double.init)
    let inner = block / order
    var stride = 1
    while stride < inner {
      for index in values.indices where index & stride == 0 {
        let (a, b) = (values[index], values[index + stride])
        (values[index], values[index + stride]) = (a + b, a - b)
      }
      stride *= 2
    }
    let factor = 1 / Double(block).squareRoot()
    return values.indices.map { index in
      let (start, row, column) = (index - index % block, index % block / inner, index % inner)
      let sum = (0..<order).reduce(0.0) { sum, k in
        sum + Double(sign(k * inner, row * inner)) * values[start + k * inner + column]
      }
      return Float(sum * factor)
    }
  }
}
