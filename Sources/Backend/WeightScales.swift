import CKernels
import IR

extension ConstantEvaluator {
  /// Measures the scales of weights: one pass over the rows of each, shared by all that ask for it.
  /// - Parameter known: nodes whose scales come from elsewhere.
  /// - Throws: what the source throws.
  mutating func measureScales(except known: Set<ValueID>, threads: Int) throws {
    let asking = module.values.filter { module[$0].op == .weightScale && !known.contains($0) }
    let weights = Set(asking.map { module[$0].operands[0] }).sorted()
    let maxima = try rowMaxima(of: weights, threads: threads)
    for id in asking {
      guard let rows = maxima[module[id].operands[0]] else { continue }
      let perRow = module[id].attributes.string("per") == "row"
      scales[id] = perRow ? rows.map(Quantizer.scale(maximum:)) : [Quantizer.scale(maximum: rows.max() ?? 0)]
    }
  }

  /// Largest |w| of each row of each weight.
  private func rowMaxima(of weights: [ValueID], threads: Int) throws -> [ValueID: [Float]] {
    let counts = weights.map { module[$0].type.shape[0] }
    let starts = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    let all = SharedBuffer<Float>(count: starts.last ?? 0)
    let blocks = weights.indices.flatMap { weight in
      RowBlock.cover(rows: counts[weight], rowWidth: rowWidth(weights[weight])).map { (weight, $0) }
    }
    try Parallel.forEach(blocks, threads: threads) { weight, rows in
      let width = rowWidth(weights[weight])
      try Scratch.withFloats(rows.count * width) { values in
        try read(weights[weight], rows: rows, into: values)
        for row in rows {
          let start = (row - rows.lowerBound) * width
          all.elements[starts[weight] + row] = qk_max_abs(values.baseAddress.map { $0 + start }, width)
        }
      }
    }
    return Dictionary(
      uniqueKeysWithValues: weights.indices.map {
        (weights[$0], Array(all.elements[starts[$0]..<starts[$0 + 1]]))
      })
  }
}
