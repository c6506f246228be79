import CompilerDriver
import Diagnostics
import Foundation
import Frontend
import IR
import JSONText
import Passes
import Testing

@Suite("Recipes as JSON")
struct RecipeTests {
  /// Reads a recipe from a file of this content.
  private static func read(_ text: String) throws -> Recipe {
    try withTemporaryDirectory { place in
      try Data(text.utf8).write(to: URL(fileURLWithPath: place + "/recipe.json"))
      return try RecipeSource.recipe(place + "/recipe.json")
    }
  }

  /// The JSON paths and messages of everything that is wrong with a recipe.
  private static func problems(_ text: String) -> [String] {
    let failure = #expect(throws: DiagnosticFailure.self) { try read(text) }
    return (failure?.diagnostics ?? []).map { finding in
      guard case .json(_, let path) = finding.location else { return "\(finding)" }
      return "\(finding.code.name) \(path): \(finding.message)"
    }
  }

  /// A recipe in which every part differs from what is usual.
  private static let full: Recipe = {
    var recipe = Recipe(name: "full-1.2_b+")
    recipe.weights.scales = .channel
    recipe.weights.clip = .leastError
    recipe.weights.rounding = .gptq
    recipe.convolution = .channel
    recipe.scanInputs = .tensor
    recipe.clips = [
      .u: .percentile(99.999), .yRotated: .leastError, .uScan: .maximum, .norm: .percentile(100),
    ]
    recipe.rotation.kind = .residual
    recipe.rotation.signs = 7
    recipe.smoothing = Recipe.Smoothing(strength: 0.5, classes: [.norm, .dtLow])
    recipe.correctsBias = true
    recipe.foldsNormGains = true
    recipe.embedding = .int8
    recipe.headInput = .int16
    recipe.state = .float16
    recipe.keep = ["layers.0.*", "lm_head.weight"].compactMap(Glob.init)
    for pattern in ["layers.*.mixer.u", "*.weight"].compactMap(Glob.init) {
      var rule = TensorRule(pattern)
      rule.clip = .percentile(99.99)
      recipe.rules.append(rule)
    }
    recipe.rules[0].isKept = false
    recipe.rules[1].scales = .row
    recipe.rules[1].rounding = .gptq
    return recipe
  }()

  @Test("what is written reads back the same", arguments: Recipe.builtIn + [full])
  func roundTrip(_ recipe: Recipe) throws {
    #expect(try Self.read(recipe.jsonText) == recipe)
  }

  @Test("what is left out is as in the base, also inside")
  func base() throws {
    #expect(try Self.read("{\"name\": \"float32\"}") == .float32)
    var expected = Recipe.quambaChannel
    expected.name = "mine"
    expected.weights.clip = .leastError
    expected.clips[.norm] = .percentile(99.99)
    let text = """
      {"name": "mine", "base": "quamba-channel", "weights": {"clip": "least-error"},
       "clips": {"norm": "percentile:99.99"}}
      """
    #expect(try Self.read(text) == expected)
  }

  @Test("every problem is reported at once, each at its place")
  func problems() {
    let text = """
      {"base": "best", "weight": 1, "weights": {"scales": "channel", "clip": "percentile:0", "size": 8},
       "convolution": 8, "clips": {"w": "maximum", "u": "percentile:101", "x": "percentile:", "z": "percentile: 5"},
       "rotation": {"kind": "none", "signs": 3}, "smoothing": {"strength": 1.5, "classes": ["norm", "n"]},
       "bias_correction": "yes", "head_input": null, "keep": ["a*", "b c"],
       "set": [{"clip": "maximum"}, {"tensors": "*", "clip": "most", "gain": 1}]}
      """
    let word = "there is no such word here"
    let clip = "a clip is maximum, least-error, or percentile:P with P above 0 and at most 100"
    #expect(
      Self.problems(text).sorted()
        == [
          "$.base: \(word)", "$.weight: there is no such member", "$.weights.scales: \(word)",
          "$.weights.clip: \(clip)", "$.weights.size: there is no such member",
          "$.convolution: expected a string, found the integer 8", "$.clips.w: there is no such member",
          "$.clips.u: \(clip)", "$.clips.x: \(clip)", "$.clips.z: \(clip)",
          "$.rotation: signs are of a rotation, and there is none",
          "$.smoothing.strength: a strength is from 0 to 1", "$.smoothing.classes[1]: \(word)",
          "$.bias_correction: expected true or false, found the string \"yes\"",
          "$.head_input: expected a string, found null",
          "$.keep[1]: \(Glob.form)", "$.set[0]: the member \"tensors\" is missing", "$.set[1].clip: \(clip)",
          "$.set[1].gain: there is no such member", "$: the member \"name\" is missing",
        ].map { "bad-recipe \($0)" }.sorted())
  }

  @Test(
    "single problems",
    arguments: [
      ("[]", "$: expected an object, found an array"), ("{\"name\": \"a\"", "$.name: expected a comma"),
      ("{\"name\": \"a\", \"name\": \"b\"}", "$.name: "), ("{\"name\": \"two words\"}", "$.name: a name is"),
      ("{\"name\": \"\"}", "$.name: a name is"),
      (
        "{\"name\": \"a\", \"rotation\": {\"kind\": \"local\", \"signs\": -1}}", "$.rotation.signs: a seed is"
      ),
      (
        "{\"name\": \"a\", \"smoothing\": {\"strength\": 0.5}}",
        "$.smoothing: the member \"classes\" is missing"
      ),
    ])
  func singleProblem(_ text: String, _ problem: String) {
    let problems = Self.problems(text)
    #expect(problems.count == 1 && problems.first?.hasPrefix("bad-recipe \(problem)") == true, "\(problems)")
  }

  @Test("only so many patterns", arguments: ["keep", "set"])
  func manyPatterns(_ part: String) throws {
    let entry = part == "keep" ? "\"*\"" : "{\"tensors\":\"*\"}"
    func recipe(_ count: Int) -> String {
      "{\"name\": \"a\", \"\(part)\": [\([String](repeating: entry, count: count).joined(separator: ","))]}"
    }
    let most = try Self.read(recipe(4096))
    #expect(most.keep.count + most.rules.count == 4096)
    #expect(
      Self.problems(recipe(4097)) == ["bad-recipe $.\(part): there are 4097 patterns, more than 4096"])
  }

  /// Each guess compares a pattern with every name.
  @Test("only the first patterns that match nothing come with names")
  func unmatchedPatterns() throws {
    let model = try ImportedModel(directory: Fixtures.model("mamba-f32"), checksValues: false)
    var recipe = Recipe.quamba
    recipe.keep = (10..<30).compactMap { Glob("none.\($0)." + String(repeating: "x", count: 1000)) }
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Pipeline.checkPatterns(of: recipe, on: model.module)
    }
    #expect(failure?.diagnostics.map { $0.hint != nil } == (0..<20).map { $0 < 8 })
  }

  @Test("misspelt words come with a guess")
  func guesses() {
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Self.read("{\"name\": \"a\", \"smothing\": null, \"state\": \"flaot16\"}")
    }
    #expect(
      failure?.diagnostics.map(\.hint) == [
        "did you mean 'smoothing'? there is: base, bias_correction, clips, convolution, embedding, head_input, "
          + "keep, name, norm_gains, rotation, scan_inputs, set, smoothing, state, weights",
        "did you mean 'float16'? there is: float32, float16, int8",
      ])
  }

  /// What no pass does must not pass unnoticed.
  @Test("recipes that ask for what is not there yet are refused, with every part that is not there")
  func unsupported() {
    let failure = #expect(throws: DiagnosticFailure.self) {
      try compiledPlan(Fixtures.model("mamba-f32"), Self.full)
    }
    let messages = failure?.diagnostics.map { "\($0.code.name) \($0.message)" } ?? []
    #expect(
      messages.contains { $0.hasPrefix("unsupported-recipe ") && $0.hasSuffix(" is not supported yet") })
    #expect(failure?.exitStatus == .unsupported)
  }
}

@Suite("The schema of recipes")
struct RecipeSchemaTests {
  private func schema() throws -> JSONCursor {
    let path = Fixtures.package.appending(path: "Schemas/recipe.schema.json")
    return JSONCursor(try JSONText.parse([UInt8](try Data(contentsOf: path))))
  }

  private func members(_ value: JSONCursor) throws -> Set<String> {
    Set(try value["properties"].object().names)
  }

  private func words(_ value: JSONCursor) throws -> [String] {
    try value["enum"].array().map { try $0.string() }
  }

  @Test("it has the members that are written, and 'base'")
  func members() throws {
    let (schema, written) = (try schema(), JSONCursor(try JSONText.parse(Recipe.quamba.jsonText)))
    #expect(try members(schema) == Set(try written.object().names).union(["base"]))
    for name in ["weights", "rotation"] {
      #expect(try members(schema["properties"][name]) == Set(try written[name].object().names))
    }
    let rule = try schema["properties"]["set"]["items"]
    #expect(try members(rule) == ["tensors", "keep", "clip", "scales", "rounding", "bits"])
    #expect(try words(rule["properties"]["scales"]) == TensorRule.Scales.allCases.map(\.rawValue))
  }

  @Test("it has the words of the types")
  func words() throws {
    let properties = try schema()["properties"]
    let classes = Recipe.TensorClass.allCases.map(\.rawValue)
    #expect(try words(properties["base"]) == Recipe.builtIn.map(\.name))
    #expect(try words(schema()["$defs"]["class"]) == classes)
    #expect(try members(properties["clips"]) == Set(classes))
    #expect(try words(properties["state"]) == Recipe.StateType.allCases.map(\.rawValue))
    #expect(try words(properties["head_input"]) == Recipe.HeadInput.allCases.map(\.rawValue))
    #expect(try words(properties["embedding"]) == Recipe.Embedding.allCases.map(\.rawValue))
    #expect(
      try words(properties["rotation"]["properties"]["kind"]) == Recipe.Rotation.Kind.allCases.map(\.rawValue)
    )
    #expect(
      try words(properties["weights"]["properties"]["rounding"]) == Recipe.Rounding.allCases.map(\.rawValue))
  }
}
