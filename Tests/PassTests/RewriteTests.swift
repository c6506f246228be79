import IR
import Passes
import Testing

/// What single passes leave behind.
@Suite struct RewriteTests {
  /// u goes into a product and into the scan: twice as codes where the scales differ, once where they agree.
  @Test(arguments: [(Recipe.Scales.none, 1), (.tensor, 1), (.channel, 2)])
  func copiesOfU(_ scales: Recipe.Scales, _ count: Int) throws {
    var recipe = Recipe.quambaChannel
    recipe.scanInputs = scales
    let ranged = try after(.assignRanges, recipe)
    let codes = ranged.nodes.filter { $0.op == .quantize && ranged[$0.operands[0]].name == "u.f32" }
    #expect(codes.map(\.name) == Array(["u", "u_scan"].prefix(count)))
    guard case .perTensor? = codes[0].type.scale else {
      return #expect(Bool(false), "a product contracts codes of one scale")
    }
    let scan = try #require(ranged.nodes.first { $0.op == .selectiveScan })
    let u = ranged[scan.operands[0]]
    #expect(u.op == (scales == .none ? .silu : .dequantize))
    if scales == .channel { #expect(ranged[u.operands[0]].name == "u_scan") }
  }

  @Test(arguments: Recipe.HeadInput.allCases) func headInput(_ form: Recipe.HeadInput) throws {
    var recipe = Recipe.quamba
    recipe.headInput = form
    let ranged = try after(.assignRanges, recipe)
    #expect(ranged[ranged[ranged.result].operands[0]].op == (form == .float32 ? .rmsNorm : .dequantize))
    let lowered = try after(.lowerToInt8, recipe)
    let head = lowered[lowered.result]
    #expect(head.op == .linearInt8)
    let elements: [Recipe.HeadInput: IR.ElementType] = [.float32: .f32, .int16: .i16, .int8: .i8]
    #expect(lowered[head.operands[0]].type.element == elements[form])
  }

  /// One scale per tensor belongs to the checkpoint's tensor, so that its slices share it.
  @Test func slicesShareTheScaleOfTheirTensor() throws {
    let module = try after(.quantizeWeights, .naive)
    for name in ["x", "z"] {
      let scale = try #require(module.value(named: "\(name).f32.weight.scales"))
      #expect(module[module[scale].operands[0]].name == "in_proj.weight")
    }
    let values = try Evaluator(module, source: NoTensors()).run(tokens: [])
    let scales = ["x", "z"].compactMap { module.value(named: "\($0).f32.weight.scales") }.map {
      values[$0.index]
    }
    #expect(scales[0] == scales[1])
  }

  @Test func weightsWithAScalePerRow() throws {
    let module = try after(.quantizeWeights, .quambaChannel)
    let scale = try #require(module.value(named: "x.f32.weight.scales"))
    #expect(module[scale].type == ValueType(.f32, [12]))
    let table = try #require(module.nodes.first { $0.op == .embedding })
    #expect(table.operands.count == 3)
    #expect(module.nodes.allSatisfy { $0.op != .conv1d || module[$0.operands[1]].op == .reshape })
  }

  @Test func normGains() throws {
    let module = try after(.foldNormGain, .everything)
    for node in module.nodes where node.op == .rmsNorm {
      #expect(module[node.operands[1]].attributes["source"] == .source(.splat(1)))
    }
    #expect(
      module.nodes.filter { $0.op == .scaleColumns }.map(\.name) == [
        "x.gained.whole", "z.gained.whole", "logits.gained",
      ])
  }

  /// The norm after a scan by heads gives its gain to the weight that undoes the rotation.
  @Test func gainsOfRotatedNorms() throws {
    let module = try SmallMamba.module(groups: 3)
    for recipe in [Recipe.naive, .quamba] {
      let calibrated = try Pipeline.run(
        Pipeline.calibrationPasses(for: recipe), on: module, recipe: recipe
      ).module
      let y = try #require(calibrated.value(named: "y"))
      let gain = calibrated[calibrated[y].operands[1]]
      let isRotated = recipe.rotation.kind != .none
      #expect((gain.attributes["source"] == .source(.splat(1))) == isRotated)
      #expect((calibrated.value(named: "out.gained") != nil) == isRotated)
      #expect(calibrated.value(named: "y_rotated") != nil)
      #expect(try Measure.difference(module, calibrated) <= 1e-5)
    }
  }

  /// A norm that something other than a product reads keeps its gain.
  @Test func normGainsThatMustStay() throws {
    let text = """
      quamba-ir 1
      architecture "m"
      layers 0
      stage folded

      %t: i32[1] = tokens() at "" by test
      $w: f32[4, 4] = constant() {source = random(1, 1.0)} at "" by test
      $g: f32[4] = constant() {source = random(2, 1.0)} at "" by test
      %x: f32[4] = embedding(%t, $w) at "" by test
      %n: f32[4] = rms_norm(%x, $g) {epsilon = 1e-05} at "" by test
      %l: f32[4] = linear(%n, $w) at "" by test
      %y: f32[4] = add(%n, %l) at "" by test
      return %y

      """
    #expect(try Pass.foldNormGain.run(Module(parsing: text), recipe: .everything).module.text == text)
  }

  @Test func constants() throws {
    let lowered = try after(.lowerToInt8, .everything)
    let folded = try Pass.foldConstants.run(lowered, recipe: .everything).module
    #expect(folded.nodes.count <= lowered.nodes.count)
    let again = try Pass.foldConstants.run(folded, recipe: .everything).module
    #expect(again.text == folded.text)
  }

  @Test func constantsThatNeedNoWeight() throws {
    let text = """
      quamba-ir 1
      architecture "m"
      layers 0
      stage quantized

      %t: i32[1] = tokens() at "" by test
      $w: f32[4, 4] = constant() {source = random(1, 1.0)} at "" by test
      $g: f32[4] = constant() {source = splat(1.0)} at "" by test
      $z: f32[8] = constant() {source = zero} at "" by test
      $z4: f32[4] = slice_rows($z) {start = 2, count = 4} at "" by test
      $b: f32[4] = requantize_bias($z4) {output = 0.5} at "" by test
      $all: f32[4, 4] = slice_rows($w) {start = 0, count = 4} at "" by test
      $same: f32[4, 4] = scale_columns($all, $g) at "" by test
      %x: f32[4] = embedding(%t, $w) at "" by test
      %y: f32[4] = linear(%x, $same, $b) at "" by test
      return %y

      """
    let module = try Pass.foldConstants.run(Module(parsing: text), recipe: .everything).module
    #expect(
      module.text.split(separator: "\n").dropFirst(4).elementsEqual([
        "%t: i32[1] = tokens() at \"\" by test",
        "$w: f32[4, 4] = constant() {source = random(1, 1.0)} at \"\" by test",
        "$b: f32[4] = constant() {source = zero} at \"\" by fold-constants",
        "%x: f32[4] = embedding(%t, $w) at \"\" by test",
        "%y: f32[4] = linear(%x, $w, $b) at \"\" by test",
        "return %y",
      ]))
  }

  /// A product that is the result is lowered even where codes are made of it that nothing reads.
  @Test func resultWithADeadReader() throws {
    var module = try after(.quantizeWeights, .quamba)
    let result = module.result
    module.nodes.append(
      Node(
        .quantize, [result], type: ValueType(.i8, [10], scale: .perTensor(1)), name: "dead", origin: "",
        pass: "test"))
    let lowered = try Pass.lowerToInt8.run(module, recipe: .quamba).module
    #expect(lowered[lowered.result].op == .linearInt8)
  }

  private func after(_ last: Pass, _ recipe: Recipe) throws -> Module {
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    let passes = Pipeline.passes(for: recipe)
    let count = try #require(passes.firstIndex { $0.name == last.name }) + 1
    return try Pipeline.run(Array(passes.prefix(count)), on: module, recipe: recipe, ranges: ranges).module
  }
}
