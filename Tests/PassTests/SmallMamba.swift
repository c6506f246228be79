import IR
import Passes

/// A Mamba-like model of one layer whose constants need no file.
struct SmallMamba {
  var width = 8
  var inner = 12
  var states = 4
  var taps = 3
  var rank = 2
  var vocabulary = 10
  /// Whether the projections have biases.
  var hasBias = false
  /// Whether the embedding is the head too.
  var isTied = true
  /// Groups of heads, as in Mamba-2; 0 for channels without heads.
  var groups = 0
  private var builder = ModuleBuilder(pass: "import")
  private var seed = 0

  init(width: Int = 8, inner: Int = 12, hasBias: Bool = false, isTied: Bool = true, groups: Int = 0) {
    self.groups = groups
    self.width = width
    self.inner = inner
    self.hasBias = hasBias
    self.isTied = isTied
  }

  /// The module as a frontend would import it.
  static func module(
    width: Int = 8, inner: Int = 12, hasBias: Bool = false, isTied: Bool = true, groups: Int = 0
  ) throws -> Module {
    var model = Self(width: width, inner: inner, hasBias: hasBias, isTied: isTied, groups: groups)
    return try model.build()
  }

  private mutating func build() throws -> Module {
    let table = random([vocabulary, width], 1, "embeddings")
    let tokens = try emit(.tokens, [], "tokens")
    let embedding = try emit(.embedding, [tokens, table], "embedding")
    let norm = try emit(
      .rmsNorm, [embedding, random([width], 1, "norm.gain")], "norm", ["epsilon": .real(1e-5)])
    let mixed = try groups > 0 ? buildHeads(norm, groups: groups) : buildMixer(norm)
    let residual = try emit(.add, [embedding, mixed], "residual")
    let selected = try emit(.selectRows, [residual], "selected")
    let gain = builder.constant(
      .splat(1), type: ValueType(.f32, [width]), name: "norm_f.gain", origin: "mixer")
    let final = try emit(.rmsNorm, [selected, gain], "norm_f", ["epsilon": .real(1e-5)])
    let head = isTied ? table : random([vocabulary, width], 1, "head")
    let logits = try emit(.linear, [final, head], "logits")
    return Module(architecture: "mamba", layers: 1, stage: .imported, nodes: builder.nodes, result: logits)
  }

  private mutating func buildMixer(_ norm: ValueID) throws -> ValueID {
    let projected = try project(norm, [2 * inner, width], "in_proj", hasBias: hasBias)
    let x = try slice(projected, 0, inner, "x")
    let z = try slice(projected, inner, inner, "z")
    let raw = random([inner, 1, taps], 0.5, "conv1d.raw")
    let weight = try emit(.reshape, [raw], "conv1d.weight", ["rows": .integer(inner)])
    let convolved = try emit(.conv1d, [x, weight, random([inner], 0.25, "conv1d.bias")], "conv1d")
    let u = try emit(.silu, [convolved], "u")
    let selection = try project(u, [rank + 2 * states, inner], "x_proj", hasBias: false)
    let low = try slice(selection, 0, rank, "dt_low")
    let b = try slice(selection, rank, states, "b")
    let c = try slice(selection, rank + states, states, "c")
    let dt = try project(low, [inner, rank], "dt", hasBias: false)
    let a = try emit(.negativeExp, [random([inner, states], 1, "a_log")], "a")
    let d = builder.constant(.splat(1), type: ValueType(.f32, [inner]), name: "d", origin: "mixer")
    let step = random([inner], 0.5, "dt_bias")
    let y = try emit(.selectiveScan, [u, dt, b, c, z, a, d, step], "y")
    return try project(y, [width, inner], "out", hasBias: hasBias)
  }

  mutating func project(
    _ input: ValueID, _ shape: [Int], _ name: String, hasBias: Bool
  ) throws -> ValueID {
    var operands = [input, random(shape, 1, "\(name).weight")]
    if hasBias { operands.append(random([shape[0]], 0.5, "\(name).bias")) }
    return try emit(.linear, operands, name)
  }

  mutating func slice(_ value: ValueID, _ start: Int, _ count: Int, _ name: String) throws -> ValueID {
    try emit(.slice, [value], name, ["start": .integer(start), "count": .integer(count)])
  }

  mutating func random(_ shape: [Int], _ amplitude: Float, _ name: String) -> ValueID {
    seed += 1
    return builder.constant(
      .random(seed: seed, amplitude: amplitude), type: ValueType(.f32, shape), name: name, origin: "mixer")
  }

  mutating func emit(
    _ op: Op, _ operands: [ValueID], _ name: String, _ attributes: Attributes = [:]
  ) throws -> ValueID {
    try builder.emit(op, operands, attributes, name: name, origin: "mixer")
  }
}
