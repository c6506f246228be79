import CKernels
import Glibc
import IR

/// Computes rows of the module's constants.
///
/// Every matrix operation works row by row, so memory stays near one block of rows; threads may evaluate
/// different rows at once.
struct ConstantEvaluator: Sendable {
  let module: Module
  let tensors: any TensorSource
  /// Weight scales measured so far, by the node that asks for them.
  var scales: [ValueID: [Float]] = [:]
  /// Matrices whose rows are rotated: blocks are taken in order, so no thread asks for one before the last two.
  let rotatedMatrices = ConstantCache(limit: 2)
  /// What is measured or computed from whole weights, a number for each channel.
  let channelVectors = ConstantCache(limit: .max)

  /// Elements of one row of a constant: all dimensions but the first.
  func rowWidth(_ id: ValueID) -> Int { module[id].type.elementCount / max(module[id].type.shape[0], 1) }

  /// Writes rows `range` of a constant, as floats.
  /// - Throws: what the source throws; `TypeError` for an operation that has no meaning for constants.
  func read(_ id: ValueID, rows range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws
  {
    let node = module[id]
    let width = rowWidth(id)
    switch node.op {
    case .constant:
      try source(node).read(
        (range.lowerBound * width)..<(range.upperBound * width), into: destination, tensors: tensors)
    case .sliceRows:
      let start = node.attributes.integer("start") ?? 0
      try read(
        node.operands[0], rows: (range.lowerBound + start)..<(range.upperBound + start), into: destination)
    case .reshape:
      guard rowWidth(node.operands[0]) == width else { throw TypeError("a reshape must keep the rows here") }
      try read(node.operands[0], rows: range, into: destination)
    case .negativeExp:
      try read(node.operands[0], rows: range, into: destination)
      for index in destination.indices { destination[index] = Float(-qk_exp(Double(destination[index]))) }
    case .scaleColumns: try scaleColumns(node, range, destination)
    case .scaleRows: try scaleRows(node, range, destination)
    case .rotateColumns: try rotateColumns(node, range, destination)
    case .rotateRows: try rotateRows(id, range, destination)
    case .quantizeWeight: try code(node, range, destination)
    case .dequantizeWeight: try decode(node, range, destination)
    case .weightScale, .requantizeMultiplier, .requantizeBias, .columnMax, .smoothingFactors, .reciprocal:
      let values = try vector(id)
      for (offset, row) in range.enumerated() { destination[offset] = values[row] }
    default: throw TypeError("\(node.op.rawValue) is not an operation on constants")
    }
  }

  /// All elements of a small constant.
  /// - Throws: as `read`.
  func vector(_ id: ValueID) throws -> [Float] {
    let node = module[id]
    switch node.op {
    case .weightScale: return try measured(id)
    case .requantizeMultiplier: return try multipliers(node)
    case .requantizeBias: return try biases(node)
    case .columnMax: return try channelVectors.values(of: id) { try measuredColumns(node) }
    case .smoothingFactors: return try channelVectors.values(of: id) { try smoothingFactors(node) }
    case .reciprocal: return try vector(node.operands[0]).map { Float(1 / Double($0)) }
    default:
      return try [Float](unsafeUninitializedCapacity: node.type.elementCount) { buffer, count in
        count = node.type.elementCount
        buffer.initialize(repeating: 0)
        try read(
          id, rows: 0..<node.type.shape[0], into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  /// The scales that a weight's rows are quantized with, one a row.
  func rowScales(ofCodes id: ValueID, rows: Range<Int>) throws -> [Float] {
    let scales = try vector(module[id].operands[1])
    return scales.count == 1 ? Array(repeating: scales[0], count: rows.count) : Array(scales[rows])
  }

  private func source(_ node: Node) throws -> ConstantSource {
    guard case .source(let source)? = node.attributes["source"] else {
      throw TypeError("a constant has no source")
    }
    return source
  }

  private func measured(_ id: ValueID) throws -> [Float] {
    guard let found = scales[id] else {
      throw TypeError("the scales of %\(module[id].name) were not measured")
    }
    return found
  }

  private func scaleColumns(
    _ node: Node, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    try read(node.operands[0], rows: range, into: destination)
    let factors = try vector(node.operands[1])
    factors.withUnsafeBufferPointer { factors in
      for start in stride(from: 0, to: destination.count, by: factors.count) {
        let row = UnsafeMutableBufferPointer(rebasing: destination[start..<(start + factors.count)])
        for column in factors.indices { row[column] *= factors[column] }
      }
    }
  }

  private func scaleRows(
    _ node: Node, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    try read(node.operands[0], rows: range, into: destination)
    let factors = try vector(node.operands[1])
    let width = destination.count / max(range.count, 1)
    for (row, factor) in factors[range].enumerated() {
      for index in (row * width)..<((row + 1) * width) { destination[index] *= factor }
    }
  }

  private func code(_ node: Node, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>)
    throws
  {
    try read(node.operands[0], rows: range, into: destination)
    let scales = try vector(node.operands[1])
    let width = node.type.width
    for index in destination.indices {
      let scale = scales[scales.count == 1 ? 0 : range.lowerBound + index / width]
      destination[index] = Quantizer.code(
        destination[index], inverse: Quantizer.inverse(scale: scale), low: -127)
    }
  }

  private func decode(_ node: Node, _ range: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>)
    throws
  {
    try read(node.operands[0], rows: range, into: destination)
    let scales = try vector(node.operands[1])
    let width = node.type.width
    for index in destination.indices {
      destination[index] *= scales[scales.count == 1 ? 0 : range.lowerBound + index / width]
    }
  }

  private func multipliers(_ node: Node) throws -> [Float] {
    let weights = try vector(node.operands[0])
    let outputs = try outputScales(node)
    let input = Double(node.attributes.real("input") ?? 1)
    return (0..<node.type.width).map { row in
      Float(Double(weights[weights.count == 1 ? 0 : row]) * input / Double(outputs(row)))
    }
  }

  private func biases(_ node: Node) throws -> [Float] {
    let outputs = try outputScales(node)
    return try vector(node.operands[0]).enumerated().map { Float(Double($1) / Double(outputs($0))) }
  }

  /// The bias of an integer product, in units of its result.
  /// - Parameter errors: what each output lacks on average, in units of weight times code; nil for nothing.
  func bias(ofProduct id: ValueID, errors: SharedBuffer<Double>?) throws -> [Float] {
    let operands = module[id].operands
    guard let errors else { return try vector(operands[3]) }
    let multiplier = module[operands[2]]
    let (input, outputs) = (Double(multiplier.attributes.real("input") ?? 1), try outputScales(multiplier))
    let bias = module[operands[3]]
    let isRequantized = bias.op == .requantizeBias
    return try vector(isRequantized ? bias.operands[0] : operands[3]).enumerated().map { row, value in
      let unit = Double(outputs(row))
      return Float(Double(value) / (isRequantized ? unit : 1) + errors.elements[row] * input / unit)
    }
  }

  private func outputScales(_ node: Node) throws -> (Int) -> Float {
    if node.operands.count > 1 {
      let scales = try vector(node.operands[1])
      return { scales[$0] }
    }
    let scale = node.attributes.real("output") ?? 1
    return { _ in scale }
  }
}

extension ConstantEvaluator {
  /// The checkpoint tensor and the elements that rows of a plain constant, or of a slice of one, stand for.
  /// - Throws: `TypeError` for anything else.
  func checkpointRows(_ id: ValueID, _ rows: Range<Int>) throws -> (tensor: String, elements: Range<Int>) {
    let node = module[id]
    if node.op == .sliceRows {
      let start = node.attributes.integer("start") ?? 0
      return try checkpointRows(node.operands[0], (rows.lowerBound + start)..<(rows.upperBound + start))
    }
    guard case .source(.tensor(let name))? = node.attributes["source"] else {
      throw TypeError("%\(node.name) is not a tensor of the checkpoint")
    }
    let width = rowWidth(id)
    return (name, (rows.lowerBound * width)..<(rows.upperBound * width))
  }
}
