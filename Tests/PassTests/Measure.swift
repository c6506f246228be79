import Diagnostics
import Glibc
import IR
import Passes

/// What the tests of passes compute with the evaluator.
enum Measure {
  /// A sequence that meets most of the small vocabulary.
  static let tokens = [3, 1, 4, 1, 5, 9, 2, 6]

  /// Ranges of every row value of a module, rounded up to a 64th, so that texts do not depend on the last bit.
  static func ranges(of module: Module) throws -> RangeTable {
    let values = try Evaluator(module, source: NoTensors()).run(tokens: tokens)
    var table = RangeTable()
    for (node, value) in zip(module.nodes, values) where !node.isConstant {
      let width = node.type.width
      let channels = (0..<width).map { channel in
        stride(from: channel, to: value.count, by: width).map { abs(value[$0]) }.max() ?? 0
      }.map { ($0 * 64).rounded(.up) / 64 }
      table.ranges[node.name] = TensorRange(maximum: channels.max() ?? 0, channels: channels)
      guard node.op == .selectiveScan else { continue }
      let states = largestStates(node, node.operands.map { values[$0.index] })
      table.ranges[node.stateName] = TensorRange(maximum: states.max() ?? 0, channels: states)
    }
    return table
  }

  /// The largest |h| of each channel of a scan, from its operands.
  private static func largestStates(_ scan: Node, _ operands: [[Float]]) -> [Float] {
    let (channels, heads) = (scan.type.width, operands[7].count)
    let groups = scan.attributes.integer("groups") ?? 1
    let shared = operands[2].count / tokens.count
    let states = shared / groups
    let limits = (scan.attributes.real("minimum") ?? 0)...(scan.attributes.real("maximum") ?? .infinity)
    var h = [Double](repeating: 0, count: channels * states)
    var largest = [Float](repeating: 0, count: channels)
    for row in tokens.indices {
      for cell in h.indices {
        let (channel, index) = (cell / states, cell % states)
        let head = channel / (channels / heads)
        let x = Double(operands[1][row * heads + head] + operands[7][head])
        let delta = min(max(log1p(exp(x)), Double(limits.lowerBound)), Double(limits.upperBound))
        let u = Double(operands[0][row * channels + channel])
        let a = Double(operands[5][operands[5].count == heads ? head : cell])
        let b = Double(operands[2][row * shared + head / (heads / groups) * states + index])
        h[cell] = exp(delta * a) * h[cell] + delta * u * b
        largest[channel] = max(largest[channel], (Float(abs(h[cell])) * 64).rounded(.up) / 64)
      }
    }
    return largest
  }

  /// Ranges as calibration would find them for a recipe.
  static func ranges(of module: Module, recipe: Recipe) throws -> RangeTable {
    try ranges(of: Pipeline.run(Pipeline.calibrationPasses(for: recipe), on: module, recipe: recipe).module)
  }

  /// The largest difference of the logits of two modules, as a part of the largest logit of the first.
  static func difference(_ first: Module, _ second: Module) throws -> Float {
    let expected = try Evaluator(first, source: NoTensors()).logits(tokens: tokens)
    let found = try Evaluator(second, source: NoTensors()).logits(tokens: tokens)
    guard expected.count == found.count, found.allSatisfy(\.isFinite) else { return .infinity }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    return zip(expected, found).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
  }

  /// The difference that a promise allows; a lossy pass may lose much, but not the meaning.
  /// - Parameter recipe: weights of 4 bits, whose steps are 18 times as wide, may lose more.
  static func allowance(_ promise: Pass.Promise, _ recipe: Recipe = .standard) -> Float {
    switch promise {
    case .exact: 0
    case .equivalent(let part): part
    case .lossy: recipe.weights.bits == 4 ? 0.3 : 0.1
    }
  }
}

extension Recipe {
  /// A recipe that needs every pass.
  static let everything: Recipe = {
    var recipe = Recipe.quambaChannel
    recipe.name = "everything"
    recipe.foldsNormGains = true
    recipe.rotation = Rotation(kind: .residual, signs: 5)
    recipe.smoothing = Smoothing(strength: 0.5, classes: Smoothing.contracted)
    recipe.headInput = .int8
    recipe.state = .int8
    return recipe
  }()

  /// A float recipe but for its state.
  private static let halfState: Recipe = {
    var recipe = Recipe.float32
    recipe.name = "float, state of halves"
    recipe.state = .float16
    return recipe
  }()

  /// A recipe whose tensors differ: readers of one value that are float and 8 bits wide, and scales of both kinds.
  static let partlyKept: Recipe = {
    var recipe = quambaChannel
    recipe.name = "partly-kept"
    recipe.keep = ["x.weight", "u_scan", "c", "embedding.weight"].compactMap(Glob.init)
    recipe.rules = [.rule("out.weight") { $0.scales = .tensor }, .rule("dt") { $0.scales = .tensor }]
    return recipe
  }()

  /// The built-in recipes, and some that mix their parts differently.
  static let tried: [Recipe] =
    builtIn + [
      everything, partlyKept, halfState, floatScan, scanAlone, rotatedAlone, signedAlone, residualAlone,
      evenChannels,
    ]

  private static let floatScan: Recipe = {
    var recipe = Recipe(name: "float scan")
    recipe.weights.scales = .channel
    recipe.convolution = .channel
    recipe.embedding = .int8
    return recipe
  }()

  private static let scanAlone: Recipe = {
    var recipe = Recipe(name: "scan alone")
    recipe.scanInputs = .channel
    recipe.convolution = .tensor
    return recipe
  }()

  private static let rotatedAlone: Recipe = {
    var recipe = Recipe(name: "float, gains folded")
    recipe.rotation.kind = .local
    recipe.foldsNormGains = true
    return recipe
  }()

  private static let signedAlone: Recipe = {
    var recipe = Recipe(name: "float, signs before the rotation")
    recipe.rotation = Rotation(kind: .local, signs: 1)
    return recipe
  }()

  private static let residualAlone: Recipe = {
    var recipe = Recipe(name: "float, residual stream rotated")
    recipe.rotation.kind = .residual
    return recipe
  }()

  private static let evenChannels: Recipe = {
    var recipe = Recipe.quambaChannel
    recipe.name = "every range in the weights"
    recipe.smoothing = Smoothing(strength: 1, classes: Smoothing.contracted)
    return recipe
  }()
}
