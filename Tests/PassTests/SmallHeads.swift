import IR

extension SmallMamba {
  /// A Mamba-2-like mixer: three heads of a third of the inner width each, one group or three, limits of Δ.
  mutating func buildHeads(_ norm: ValueID, groups: Int) throws -> ValueID {
    let (heads, shared) = (3, groups * states)
    let widths = [inner, inner, shared, shared, heads]
    let projected = try project(norm, [widths.reduce(0, +), width], "in_proj", hasBias: hasBias)
    var parts: [ValueID] = []
    for (index, name) in ["z", "x", "b_in", "c_in", "dt"].enumerated() {
      parts.append(try slice(projected, widths[..<index].reduce(0, +), widths[index], name))
    }
    let raw = random([inner + 2 * shared, 1, taps], 0.5, "conv1d.raw")
    let whole = try emit(.reshape, [raw], "conv1d.weight", ["rows": .integer(inner + 2 * shared)])
    var convolved: [ValueID] = []
    for (index, name) in ["u", "b", "c"].enumerated() {
      let rows: Attributes = [
        "start": .integer(widths[1..<(index + 1)].reduce(0, +)), "count": .integer(widths[index + 1]),
      ]
      let weight = try emit(.sliceRows, [whole], "\(name).weight", rows)
      let convolution = try emit(.conv1d, [parts[index + 1], weight], "\(name).conv1d")
      convolved.append(try emit(.silu, [convolution], name))
    }
    let a = try emit(.negativeExp, [random([heads], 1, "a_log")], "a")
    let (d, step) = (random([heads], 1, "d"), random([heads], 0.5, "dt_bias"))
    let scanned = try emit(
      .selectiveScan, [convolved[0], parts[4], convolved[1], convolved[2], parts[0], a, d, step], "scan",
      ["groups": .integer(groups), "minimum": .real(0.25), "maximum": .real(1.5)])
    let gain = random([inner], 1, "y.gain")
    let y = try emit(
      .rmsNorm, [scanned, gain], "y", ["epsilon": .real(1e-5), "groups": .integer(groups)])
    return try project(y, [width, inner], "out", hasBias: hasBias)
  }
}
