import CKernels
import IR
import WorkSharing

/// How the codes of one weight are chosen by what its product reads.
struct CodeChoice: Sendable {
  /// How errors are passed on; nil rounds each weight to its nearest code.
  let feedback: ErrorFeedback?
  /// Mean code of each input.
  let means: [Double]
  /// Gets Σ (w − ŵ) · mean of every row.
  let biasErrors: SharedBuffer<Double>

  /// Replaces rows of a weight, `[rows, width]`, by their codes.
  /// - Parameter scales: one a row.
  func apply(to weights: UnsafeMutableBufferPointer<Float>, rows: Range<Int>, scales: [Float]) {
    let width = means.count
    withUnsafeTemporaryAllocation(of: Int8.self, capacity: weights.count) { codes in
      codes.initialize(repeating: 0)
      if let feedback {
        feedback.round(UnsafeBufferPointer(weights), scales: scales, into: codes)
      } else {
        for (row, scale) in scales.enumerated() {
          qk_quantize_row(
            weights.baseAddress.map { $0 + row * width }, width, Quantizer.inverse(scale: scale), -127, 127,
            codes.baseAddress.map { $0 + row * width })
        }
      }
      for (row, scale) in scales.enumerated() {
        var error = 0.0
        for column in 0..<width {
          let place = row * width + column
          error += (Double(weights[place]) - Double(scale) * Double(codes[place])) * means[column]
          weights[place] = Float(codes[place])
        }
        biasErrors.elements[rows.lowerBound + row] = error
      }
    }
  }

  /// Notes what codes of 4 bits lack on average.
  /// - Parameter first: the number of their first row.
  func noteErrors(of coded: GroupedCodes, weights: UnsafeBufferPointer<Float>, from first: Int) {
    for row in 0..<coded.rows {
      var error = 0.0
      for group in 0..<GroupedCodes.groups(coded.width) {
        let step = Double(coded.step(row: row, group: group))
        for column in coded.columns(group) {
          let place = row * coded.width + column
          error += (Double(weights[place]) - step * Double(coded.codes.elements[place])) * means[column]
        }
      }
      biasErrors.elements[first + row] = error
    }
  }
}

extension WeightsWriter {
  /// Writes the weights of refined products, as many at a time as the refinement observes at once.
  /// - Returns: where biases make up for it, what each product lacks on average.
  func writeRefined(
    _ products: [CodeProduct], by refinement: CodeRefinement
  ) throws -> [ValueID: SharedBuffer<Double>] {
    var errors: [ValueID: SharedBuffer<Double>] = [:]
    for request in refinement.requests(for: products, in: plan.module) {
      let seen = try refinement.observe(request)
      for tensor in request.tensors {
        guard let moments = seen[tensor] else { throw TypeError("the codes of %\(tensor) were not observed") }
        let readers = products.filter { plan.module[$0.input].name == tensor }
        errors.merge(try writeReaders(readers, moments)) { first, _ in first }
      }
    }
    return refinement.correctsBias ? errors : [:]
  }

  /// Writes the weights of the products that read one tensor.
  private func writeReaders(
    _ readers: [CodeProduct], _ moments: CodeMoments
  ) throws -> [ValueID: SharedBuffer<Double>] {
    let feedback =
      moments.gram.isEmpty
      ? nil : try ErrorFeedback(gram: moments.gram, width: moments.sums.count, threads: threads)
    let means = moments.means
    let choices = Dictionary(
      readers.map { reader in
        let errors = SharedBuffer<Double>(count: plan.module[reader.codes].type.shape[0])
        return (
          reader.codes,
          CodeChoice(feedback: reader.isRoundable ? feedback : nil, means: means, biasErrors: errors)
        )
      }, uniquingKeysWith: { first, _ in first })
    try Parallel.forEach(blocks { choices[$0] != nil }, threads: threads) { item in
      try writeBlock(item, choosing: plan.definitions[item.constant].codes.flatMap { choices[$0] })
    }
    return Dictionary(
      uniqueKeysWithValues: readers.compactMap { reader in
        choices[reader.codes].map { (reader.node, $0.biasErrors) }
      })
  }
}
