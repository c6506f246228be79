import CKernels
import IR
import Synchronization
import WorkSharing

extension ConstantEvaluator {
  /// Measures the scales of weights.
  /// - Parameter known: nodes whose scales come from elsewhere.
  /// - Throws: what the source throws.
  mutating func measureScales(except known: Set<ValueID>, threads: Int) throws {
    let asking = module.values.filter { module[$0].op == .weightScale && !known.contains($0) }
    let maxima = try measure(
      Set(asking.filter { needsMaxima($0) }.map { module[$0].operands[0] }).sorted(), threads: threads
    ) { row in qk_max_abs(row.baseAddress, row.count) }
    for id in asking {
      let clips = try clips(of: id, rowMaxima: maxima[module[id].operands[0]] ?? [], threads: threads)
      scales[id] = clips.map(Quantizer.scale(maximum:))
    }
  }

  private func needsMaxima(_ id: ValueID) -> Bool {
    Clip(ofWeightScale: module[id]) == .maximum || module[id].attributes.string("per") == "tensor"
  }

  /// The clip of each row, or of the whole weight.
  private func clips(of id: ValueID, rowMaxima: [Float], threads: Int) throws -> [Float] {
    let (weight, clip) = (module[id].operands[0], Clip(ofWeightScale: module[id]))
    guard module[id].attributes.string("per") == "tensor" else {
      if clip == .maximum { return rowMaxima }
      return try measure([weight], threads: threads) { clip.magnitude(ofRow: $0) }[weight] ?? []
    }
    let maximum = rowMaxima.max() ?? 0
    switch clip {
    case .maximum: return [maximum]
    case .percentile(let percent):
      let counts = Mutex([UInt64](repeating: 0, count: 1 << 17))
      try forEachRow(of: [weight], threads: threads) { _, _, row in
        counts.withLock { qk_histogram_abs(row.baseAddress, row.count, &$0) }
      }
      return [counts.withLock { Clip.percentile(percent, counts: $0, maximum: maximum) }]
    case .leastError:
      let candidates = Clip.candidates(maximum: maximum)
      let errors = SharedBuffer<Float>(count: rowMaxima.count * candidates.count)
      try forEachRow(of: [weight], threads: threads) { _, index, row in
        for (place, clip) in candidates.enumerated() {
          errors.elements[index * candidates.count + place] = Clip.error(of: row, clip: clip)
        }
      }
      let sums = candidates.indices.map { place in
        stride(from: place, to: errors.elements.count, by: candidates.count).reduce(0.0) {
          $0 + Double(errors.elements[$1])
        }
      }
      return [Clip.best(sums, maximum: maximum)]
    }
  }

  /// One number of each row of each weight: one pass over the rows, shared by all that ask for them.
  private func measure(
    _ weights: [ValueID], threads: Int, _ body: @Sendable (UnsafeBufferPointer<Float>) -> Float
  ) throws -> [ValueID: [Float]] {
    let starts = weights.reduce(into: [0]) { $0.append($0.last! + module[$1].type.shape[0]) }
    let all = SharedBuffer<Float>(count: starts.last ?? 0)
    try forEachRow(of: weights, threads: threads) { weight, index, row in
      all.elements[starts[weight] + index] = body(row)
    }
    return Dictionary(
      uniqueKeysWithValues: weights.indices.map {
        (weights[$0], Array(all.elements[starts[$0]..<starts[$0 + 1]]))
      })
  }

  /// Calls `body` with the place of a weight, the number of a row, and the row, from several threads.
  private func forEachRow(
    of weights: [ValueID], threads: Int, _ body: @Sendable (Int, Int, UnsafeBufferPointer<Float>) -> Void
  ) throws {
    let blocks = weights.indices.flatMap { weight in
      RowBlock.cover(rows: module[weights[weight]].type.shape[0], rowWidth: rowWidth(weights[weight])).map {
        (weight, $0)
      }
    }
    try Parallel.forEach(blocks, threads: threads) { weight, rows in
      let width = rowWidth(weights[weight])
      try Scratch.withFloats(rows.count * width) { values in
        try read(weights[weight], rows: rows, into: values)
        for (index, row) in rows.enumerated() {
          body(weight, row, UnsafeBufferPointer(rebasing: values[(index * width)..<((index + 1) * width)]))
        }
      }
    }
  }
}

extension Clip {
  /// The magnitude at which a row of a weight, or a group of one, is clipped.
  ///
  /// - Parameters:
  ///   - highest: the largest code.
  ///   - importance: what the square of each error counts in a search for the least; nil for one each.
  func magnitude(
    ofRow row: UnsafeBufferPointer<Float>, highest: Float = Quantizer.highest,
    importance: UnsafePointer<Float>? = nil
  ) -> Float {
    let maximum = qk_max_abs(row.baseAddress, row.count)
    switch self {
    case .maximum: return maximum
    case .percentile(let percent):
      guard !row.isEmpty else { return 0 }
      let bins = row.map { Self.bin(of: abs($0)) }.sorted()
      return Self.magnitude(
        ofBin: bins[Self.rank(percent: percent, count: bins.count) - 1], maximum: maximum)
    case .leastError:
      let errors = Self.candidates(maximum: maximum).map {
        Double(Self.error(of: row, clip: $0, highest: highest, importance: importance))
      }
      return Self.best(errors, maximum: maximum)
    }
  }

  /// The squared error of a row's codes under a clip.
  fileprivate static func error(
    of row: UnsafeBufferPointer<Float>, clip: Float, highest: Float = Quantizer.highest,
    importance: UnsafePointer<Float>? = nil
  ) -> Float {
    let scale = Quantizer.scale(maximum: clip, highest: highest)
    return qk_code_error(
      row.baseAddress, row.count, Quantizer.inverse(scale: scale), scale, highest, importance)
  }

  /// A percentile of magnitudes that were counted in bins.
  fileprivate static func percentile(_ percent: Double, counts: [UInt64], maximum: Float) -> Float {
    let rank = UInt64(Self.rank(percent: percent, count: Int(counts.reduce(0, +))))
    var seen: UInt64 = 0
    for (bin, count) in counts.enumerated() {
      seen += count
      if count > 0 && seen >= rank { return magnitude(ofBin: UInt32(bin), maximum: maximum) }
    }
    return maximum
  }
}
