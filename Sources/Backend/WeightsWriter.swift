import CKernels
public import IR
public import PlanFormat
import WorkSharing

/// Computes the bytes of every constant of a plan and hands them on, block by block, from several threads.
public struct WeightsWriter: Sendable {
  /// Takes bytes for an offset in the file; called from several threads for different parts.
  public typealias Sink = @Sendable (UnsafeRawBufferPointer, Int) throws -> Void

  let plan: LoweredPlan
  private let layout: PlanLayout
  private(set) var evaluator: ConstantEvaluator
  let threads: Int
  let sink: Sink
  private let corrections: [ConstantID: SharedBuffer<Int32>]
  /// The factors that go with panels of 4 bits.
  let factors: [ConstantID: ConstantID]
  /// Scales of rows that are measured when the rows are packed, by the node that asks for them.
  private let packedScales: [ValueID: SharedBuffer<Float>]
  /// What the codes of refined products lack on average, by product; one a row, in units of weight times code.
  private var biasErrors: [ValueID: SharedBuffer<Double>] = [:]

  /// A writer of the constants of `plan`, laid out by `layout`.
  public init(
    _ plan: LoweredPlan, layout: PlanLayout, tensors: some TensorSource, threads: Int, sink: @escaping Sink
  ) {
    self.plan = plan
    self.layout = layout
    self.threads = threads
    self.sink = sink
    evaluator = ConstantEvaluator(module: plan.module, tensors: tensors)
    var corrections: [ConstantID: SharedBuffer<Int32>] = [:]
    for case .correction(let panels) in plan.definitions {
      let outputs = Int(plan.draft.constants[Int(panels.rawValue)].d0)
      corrections[panels] = SharedBuffer(count: (outputs + 15) / 16 * 16)
    }
    self.corrections = corrections
    factors = Dictionary(
      uniqueKeysWithValues: plan.definitions.enumerated().compactMap { index, definition in
        guard case .factors(let panels) = definition else { return nil }
        return (panels, ConstantID(UInt32(index)))
      })
    packedScales = Self.scalesMeasuredInPacking(plan)
  }

  /// Scales per row of the very weights that are packed need no pass of their own.
  private static func scalesMeasuredInPacking(_ plan: LoweredPlan) -> [ValueID: SharedBuffer<Float>] {
    let module = plan.module
    var found: [ValueID: SharedBuffer<Float>] = [:]
    for definition in plan.definitions {
      guard let codes = definition.codes else { continue }
      let (weight, scales) = (module[codes].operands[0], module[codes].operands[1])
      guard module[scales].op == .weightScale, module[scales].operands == [weight],
        module[scales].attributes.string("per") != "tensor"
      else { continue }
      found[scales] = SharedBuffer(count: module[weight].type.shape[0])
    }
    return found
  }

  /// Writes all constants.
  ///
  /// Measures columns and scales of whole weights, then packs weights, then writes the small vectors.
  /// - Parameter refinement: how products of codes get better codes and biases; nil for the nearest codes.
  /// - Throws: what tensors, sink and refinement throw.
  /// - Complexity: a weight is read once, and once more where its columns or its one scale are measured; memory is a few blocks a thread, and
  ///   with a refinement what that states.
  public func write(refining refinement: CodeRefinement? = nil) throws {
    var writer = self
    try evaluator.measureColumns(threads: threads)
    try writer.evaluator.measureScales(except: Set(packedScales.keys), threads: threads)
    let products = refinement.map { refinement in
      plan.module.codeProducts().filter { refinement.correctsBias || $0.isRoundable }
    }
    try writer.writeWeights(except: Set((products ?? []).map(\.codes)))
    if let refinement, let products {
      writer.biasErrors = try writer.writeRefined(products, by: refinement)
    }
    for (node, scales) in packedScales { writer.evaluator.scales[node] = Array(scales.elements) }
    try writer.writeSmallConstants()
  }

  private func writeWeights(except refined: Set<ValueID>) throws {
    let items = blocks { !refined.contains($0) }
    try Parallel.forEach(items, threads: threads) { try writeBlock($0) }
  }

  /// Blocks of rows of the constants that come from certain weights or codes of the module.
  func blocks(of isIncluded: (ValueID) -> Bool) -> [Item] {
    plan.definitions.indices.flatMap { index -> [Item] in
      guard let source = weight(plan.definitions[index]), isIncluded(source) else { return [] }
      let rows = plan.module[source].type.shape[0]
      return RowBlock.cover(rows: rows, rowWidth: evaluator.rowWidth(source)).map {
        Item(constant: index, rows: $0)
      }
    }
  }

  private func writeSmallConstants() throws {
    let small = plan.definitions.indices.filter { weight(plan.definitions[$0]) == nil }
    try Parallel.forEach(small, threads: threads) { try writeSmall($0) }
  }

  /// Rows of one constant.
  struct Item: Sendable {
    let constant: Int
    let rows: Range<Int>
  }

  /// The constant of the module that is written in blocks of rows.
  private func weight(_ definition: ConstantDefinition) -> ValueID? {
    switch definition {
    case .source(let id), .codePanels(let id), .floatPanels(let id), .codeRows(let id): id
    case .literal, .value, .bias, .correction, .factors, .inverse, .quotient: nil
    }
  }

  /// Writes rows of one constant.
  /// - Parameter choice: how its codes are chosen; nil for the nearest.
  func writeBlock(_ item: Item, choosing choice: CodeChoice? = nil) throws {
    let constant = ConstantID(UInt32(item.constant))
    switch plan.definitions[item.constant] {
    case .source(let id): try writeSource(id, item.rows, constant)
    case .codePanels(let id):
      if factors[constant] == nil {
        try writeCodePanels(id, item.rows, constant, choice)
      } else {
        try writeGroupedPanels(id, item.rows, constant, choice)
      }
    case .floatPanels(let id): try writeFloatPanels(id, item.rows, constant)
    case .codeRows(let id): try writeCodeRows(id, item.rows, constant)
    case .literal, .value, .bias, .correction, .factors, .inverse, .quotient: break
    }
  }

  func offset(_ constant: ConstantID) -> Int { Int(layout.fileOffset(of: constant)) }

  /// Copies or computes rows in the type that the plan stores.
  private func withRows(
    _ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID,
    _ body: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let width = evaluator.rowWidth(id)
    let bytes = Int(plan.draft.constants[Int(constant.rawValue)].type.byteCount)
    try Scratch.withBytes(rows.count * width * bytes) { buffer in
      if bytes == 4 {
        try evaluator.read(id, rows: rows, into: buffer.bindMemory(to: Float.self))
      } else {
        let place = try evaluator.checkpointRows(id, rows)
        try evaluator.tensors.copy(place.tensor, place.elements, into: buffer)
      }
      try body(buffer)
    }
  }

  private func writeSource(_ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID) throws {
    try withRows(id, rows, constant) { bytes in
      let rowBytes = bytes.count / rows.count
      try sink(UnsafeRawBufferPointer(bytes), offset(constant) + rows.lowerBound * rowBytes)
    }
  }

  private func writeFloatPanels(_ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID) throws {
    let width = evaluator.rowWidth(id)
    try withRows(id, rows, constant) { source in
      let element = source.count / (rows.count * width)
      let panelBytes = width * 16 * element
      try Scratch.withBytes((rows.count + 15) / 16 * panelBytes) { panels in
        for (panel, start) in stride(from: 0, to: rows.count, by: 16).enumerated() {
          qk_pack_panel(
            source.baseAddress.map { $0 + start * width * element }, width,
            UInt32(min(16, rows.count - start)),
            width, UInt32(element), panels.baseAddress.map { $0 + panel * panelBytes })
        }
        try sink(UnsafeRawBufferPointer(panels), offset(constant) + rows.lowerBound / 16 * panelBytes)
      }
    }
  }

  private func writeCodePanels(
    _ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID, _ choice: CodeChoice?
  ) throws {
    let width = evaluator.rowWidth(id)
    let padded = (width + 3) / 4 * 4
    try Scratch.withFloats(rows.count * width) { weights in
      try evaluator.read(plan.module[id].operands[0], rows: rows, into: weights)
      let scales = try rowScales(ofCodes: id, rows, of: weights)
      choice?.apply(to: weights, rows: rows, scales: scales)
      let inverses = choice == nil ? scales.map(Quantizer.inverse(scale:)) : scales.map { _ in 1 }
      try Scratch.withBytes((rows.count + 15) / 16 * 16 * padded) { panels in
        for start in stride(from: 0, to: rows.count, by: 16) {
          let valid = min(16, rows.count - start)
          let inverse = Array(inverses[start..<(start + valid)]) + Array(repeating: 1, count: 16 - valid)
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: 16) { sums in
            qk_pack_panel_i8(
              weights.baseAddress.map { $0 + start * width }, width, UInt32(valid), width, padded, inverse,
              panels.baseAddress.map { ($0 + start * padded).assumingMemoryBound(to: Int8.self) },
              sums.baseAddress)
            setCorrections(of: constant, from: rows.lowerBound + start, UnsafeBufferPointer(sums))
          }
        }
        try sink(UnsafeRawBufferPointer(panels), offset(constant) + rows.lowerBound * padded)
      }
    }
  }

  /// Keeps corrections of panels, where a product uses them.
  func setCorrections(of panels: ConstantID, from first: Int, _ sums: UnsafeBufferPointer<Int32>) {
    guard let correction = corrections[panels]?.elements else { return }
    for (index, sum) in sums.enumerated() { correction[first + index] = sum }
  }

  /// Keeps scales that were measured when rows were packed.
  func setPackedScales(_ node: ValueID, _ rows: Range<Int>, _ scales: [Float]) {
    guard let measured = packedScales[node]?.elements else { return }
    for (row, scale) in zip(rows, scales) { measured[row] = scale }
  }

  /// The scales of rows whose values are at hand: measured here, or known from before.
  private func rowScales(
    ofCodes id: ValueID, _ rows: Range<Int>, of values: UnsafeMutableBufferPointer<Float>
  ) throws -> [Float] {
    guard let measured = packedScales[plan.module[id].operands[1]]?.elements else {
      return try evaluator.rowScales(ofCodes: id, rows: rows)
    }
    let width = values.count / rows.count
    let clip = Clip(ofWeightScale: plan.module[plan.module[id].operands[1]])
    for (index, row) in rows.enumerated() {
      let values = UnsafeBufferPointer(rebasing: values[(index * width)..<((index + 1) * width)])
      measured[row] = Quantizer.scale(maximum: clip.magnitude(ofRow: values))
    }
    return Array(measured[rows])
  }

  private func writeCodeRows(_ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID) throws {
    let width = evaluator.rowWidth(id)
    try Scratch.withFloats(rows.count * width) { values in
      try evaluator.read(plan.module[id].operands[0], rows: rows, into: values)
      let scales = try rowScales(ofCodes: id, rows, of: values)
      try Scratch.withBytes(values.count) { codes in
        for (row, scale) in scales.enumerated() {
          qk_quantize_row(
            values.baseAddress.map { $0 + row * width }, width, Quantizer.inverse(scale: scale), -127, 127,
            codes.baseAddress.map { ($0 + row * width).assumingMemoryBound(to: Int8.self) })
        }
        try sink(UnsafeRawBufferPointer(codes), offset(constant) + rows.lowerBound * width)
      }
    }
  }

  private func writeSmall(_ index: Int) throws {
    let constant = ConstantID(UInt32(index))
    switch plan.definitions[index] {
    case .literal(let values): try writeVector(values, padding: 0, constant)
    case .correction(let panels):
      guard let sums = corrections[panels]?.elements else { return }
      try sink(UnsafeRawBufferPointer(sums), offset(constant))
    case .bias(let product):
      try writeVector(
        evaluator.bias(ofProduct: product, errors: biasErrors[product]), padding: 0, constant)
    case .inverse(let scales, let divisor):
      let inverses = try evaluator.vector(scales).map { Float(1 / (Double($0) * divisor)) }
      try writeVector(inverses, padding: 0, constant)
    case .quotient(let factors, let divisor):
      let quotients = try evaluator.vector(factors).map { Float(Double($0) / divisor) }
      try writeVector(quotients, padding: 0, constant)
    case .value(let id, let padding):
      let values = try evaluator.vector(id)
      let record = plan.draft.constants[index]
      switch record.layout {
      case .taps:
        try writeVector(
          Layout.taps(values, taps: Int(record.d0), channels: Int(record.d1)), padding: 0, constant)
      case .channelBlocks:
        try writeVector(
          Layout.channelBlocks(values, channels: Int(record.d0), states: Int(record.d1)), padding: 0, constant
        )
      default: try writeVector(values, padding: padding, constant)
      }
    default: break
    }
  }

  private func writeVector(_ values: [Float], padding: Float, _ constant: ConstantID) throws {
    let length = Int(layout.byteCount(of: constant)) / 4
    let padded = values + Array(repeating: padding, count: length - values.count)
    try padded.withUnsafeBytes { try sink($0, offset(constant)) }
  }
}

/// Rearrangements of small constants.
private enum Layout {
  /// `[channels, taps]` to `[taps][channels padded to 16]`.
  static func taps(_ values: [Float], taps: Int, channels: Int) -> [Float] {
    let padded = (channels + 15) / 16 * 16
    var output = [Float](repeating: 0, count: taps * padded)
    for channel in 0..<channels {
      for tap in 0..<taps { output[tap * padded + channel] = values[channel * taps + tap] }
    }
    return output
  }

  /// `[channels, states]` to `[block of 16 channels][states][16]`.
  static func channelBlocks(_ values: [Float], channels: Int, states: Int) -> [Float] {
    var output = [Float](repeating: 0, count: (channels + 15) / 16 * 16 * states)
    for channel in 0..<channels {
      for state in 0..<states {
        output[(channel / 16 * states + state) * 16 + channel % 16] = values[channel * states + state]
      }
    }
    return output
  }
}
