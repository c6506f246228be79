import Diagnostics
import IR
import Passes
import Testing

/// What passes do with ranges and modules at the edge of what they take.
@Suite struct DegenerateTests {
  @Test func zeroRange() throws {
    let (module, ranges) = try folded(.naive)
    var changed = ranges
    changed.ranges["x"] = TensorRange(maximum: 0, channels: Array(repeating: 0, count: 12))
    let (after, findings) = try Pass.assignRanges.run(module, recipe: .naive, ranges: changed)
    #expect(
      findings == [
        Diagnostic(
          .zeroRange, "the tensor was zero throughout calibration; its scale is 1", at: .node("x"),
          hint: "calibrate on more text", severity: .warning)
      ])
    #expect(try type("x", after).scale == .perTensor(1))
  }

  /// A channel that stayed zero while others did not is common, and no reason to warn.
  @Test func zeroChannel() throws {
    let (module, ranges) = try folded(.quambaChannel)
    var changed = ranges
    changed.ranges["x"]?.channels[3] = 0
    let (after, findings) = try Pass.assignRanges.run(module, recipe: .quambaChannel, ranges: changed)
    #expect(findings.isEmpty)
    guard case .source(.values(let scales))? = try node("x.scales", after).attributes["source"] else {
      return #expect(Bool(false), "the scales are no literal")
    }
    #expect(scales[3] == 1)
    #expect(scales[2] == Quantizer.scale(maximum: try #require(ranges["x"]).channels[2]))
  }

  @Test func missingRanges() throws {
    let (module, ranges) = try folded(.naive)
    var changed = ranges
    changed.ranges["norm"] = nil
    changed.ranges["b"]?.channels.removeLast()
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Pass.assignRanges.run(module, recipe: .naive, ranges: changed)
    }
    let message = "the statistics have no range of this tensor"
    let hint = "calibrate again with this version of the tool"
    #expect(
      failure?.diagnostics
        == ["norm", "b"].map { Diagnostic(.missingRange, message, at: .node($0), hint: hint) })
  }

  @Test func clippedRange() throws {
    let (module, ranges) = try folded(.quamba)
    var changed = ranges
    changed.ranges["u"]?.clipped = 0.5
    let after = try Pass.assignRanges.run(module, recipe: .quamba, ranges: changed).module
    #expect(try type("u", after).scale == .perTensor(0.5 / 127))
  }

  @Test func widthWithoutAHadamardOrder() throws {
    let module = try SmallMamba.module(inner: 52)
    let before = try Pass.splitProjections.run(module, recipe: .quamba).module
    let (after, findings) = try Pass.rotateScanOutput.run(before, recipe: .quamba)
    #expect(
      findings == [
        Diagnostic(
          .noHadamard, "no Hadamard matrix of order 52 is known; blocks of 4 are used", at: .node("y"),
          severity: .warning)
      ])
    #expect(try node("y_rotated", after).attributes == ["block": .integer(4), "order": .integer(1)])
    #expect(try Measure.difference(before, after) <= Measure.allowance(Pass.rotateScanOutput.promise))
  }

  @Test(arguments: Pipeline.all.map(\.name)) func wrongStage(_ name: String) throws {
    let pass = try #require(Pipeline.all.first { $0.name == name })
    for stage in Stage.allCases where !pass.requires.contains(stage) {
      var module = try SmallMamba.module()
      module.stage = stage
      let failure = #expect(throws: DiagnosticFailure.self) { try pass.run(module, recipe: .everything) }
      #expect(
        failure?.description
          == "error[bad-ir]: pass \(name) cannot run on a module in stage \(stage.rawValue)")
    }
  }

  @Test func biases() throws {
    let module = try SmallMamba.module(inner: 16, hasBias: true)
    let split = try Pass.splitProjections.run(module, recipe: .naive).module
    #expect(try node("x.bias", split).op == .sliceRows)
    let ranges = try Measure.ranges(of: module, recipe: .naive)
    let last = try Pipeline.run(Pipeline.passes(for: .naive), on: module, recipe: .naive, ranges: ranges)
      .module
    let names = last.nodes.filter { $0.op == .requantizeBias }.map(\.name)
    #expect(
      names == ["x.bias.2", "z.bias.2", "out.bias.2"] || names == ["x.bias", "z.bias", "out.bias"], "\(names)"
    )
  }

  @Test func slicesOfOtherValuesAreRefused() throws {
    let text = """
      quamba-ir 1
      architecture "m"
      layers 0
      stage imported
      %t: i32[1] = tokens() at "" by test
      $w: f32[4, 8] = constant() {source = random(1, 1.0)} at "" by test
      %x: f32[8] = embedding(%t, $w) at "" by test
      %y: f32[4] = slice(%x) {start = 2, count = 4} at "" by test
      return %y
      """
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Pass.splitProjections.run(try Module(parsing: text), recipe: .naive)
    }
    #expect(failure?.description == "error[bad-ir]: y: slice may not stand in stage folded")
  }

  private func folded(_ recipe: Recipe) throws -> (Module, RangeTable) {
    let module = try SmallMamba.module()
    let split = try Pass.splitProjections.run(module, recipe: recipe).module
    return (split, try Measure.ranges(of: module, recipe: recipe))
  }

  private func node(_ name: String, _ module: Module) throws -> Node {
    module[try #require(module.value(named: name))]
  }

  private func type(_ name: String, _ module: Module) throws -> ValueType { try node(name, module).type }
}
