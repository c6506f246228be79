import CompilerDriver
import Foundation
import IR
import Passes
import Testing

/// What `compile --dry-run` foretells is what a compile makes, to the byte.
@Suite(.serialized)
struct ForecastTests {
  /// Recipes beyond the built-in ones whose plans have other parts.
  private static let others: [Recipe] = {
    var narrow = Recipe.quamba
    narrow.name = "narrow"
    (narrow.state, narrow.headInput, narrow.embedding) = (.int8, .int8, .int8)
    var apart = Recipe.quamba
    apart.name = "apart"
    apart.clips[.uScan] = .percentile(90)
    apart.foldsNormGains = true
    var corrected = Recipe.quambaChannel
    corrected.name = "corrected"
    (corrected.weights.rounding, corrected.correctsBias) = (.gptq, true)
    corrected.rotation.signs = 3
    return [narrow, apart, corrected]
  }()

  @Test(arguments: Fixtures.models + ["tiny"], Recipe.builtIn + others)
  func sizesAreExact(_ model: String, _ recipe: Recipe) throws {
    try check(Fixtures.model(model), recipe)
  }

  @Test
  func theExampleModelWithItsTokenizer() throws {
    try check(Fixtures.example, .standard, license: "MIT")
  }

  private func check(_ directory: String, _ recipe: Recipe, license: String? = nil) throws {
    try withTemporaryDirectory { place in
      var options = Compiler.Options(model: directory, output: place + "/plan", recipe: recipe, threads: 2)
      options.size = CalibrationText.Size(samples: 2, length: 16)
      options.license = license
      let forecast = try CompileForecast(options)
      #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
      let report = try Compiler.compile(options, progress: { _, _ in })
      #expect(forecast.planBytes == report.bytesAfter)
      #expect(forecast.bytesBefore == report.bytesBefore && forecast.stateBytes == report.stateBytes)
      #expect(forecast.otherBytes >= 0 && forecast.headerBytes > 0)
      // A norm's gain may be folded into other weights, and a head repeat the embedding.
      let others = forecast.tensors.filter { !$0.name.contains("norm") && $0.name != "lm_head.weight" }
      for tensor in others {
        #expect(tensor.plannedBytes > 0 && !tensor.plannedTypes.isEmpty, "\(tensor.name)")
      }
      #expect(forecast.scratchBytes > 0 || !recipe.needsRanges)
    }
  }
}
