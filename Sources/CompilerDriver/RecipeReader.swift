import Diagnostics
import Frontend
import IR
import JSONText
import Passes

/// Reads a recipe from JSON (`Schemas/recipe.schema.json`); every problem is collected.
final class RecipeReader {
  /// Problems so far.
  private(set) var findings: [Diagnostic] = []
  private let file: String

  private init(file: String) { self.file = file }

  /// Reads a recipe.
  /// - Parameter file: where the text comes from, for messages.
  /// - Throws: `DiagnosticFailure` (`bad-recipe`) with everything that is wrong.
  static func read(_ bytes: [UInt8], file: String) throws(DiagnosticFailure) -> Recipe {
    let root: JSONCursor
    do {
      root = JSONCursor(try JSONText.parse(bytes))
    } catch {
      throw DiagnosticFailure(error.diagnostic(.badRecipe, file: file))
    }
    let reader = RecipeReader(file: file)
    let recipe = reader.recipe(root)
    if !reader.findings.isEmpty { throw DiagnosticFailure(reader.findings) }
    return recipe
  }

  /// What a recipe file leaves out is as in its base.
  private func recipe(_ root: JSONCursor) -> Recipe {
    var recipe = base(root)
    members(
      of: root,
      [
        "base": { _ in }, "name": { recipe.name = try Self.name($0) },
        "weights": { self.readWeights($0, into: &recipe.weights) },
        "convolution": { self.readWord($0, Recipe.weightScales, into: &recipe.convolution) },
        "scan_inputs": { self.readWord($0, Recipe.activationScales, into: &recipe.scanInputs) },
        "clips": { self.readClips($0, into: &recipe.clips) },
        "rotation": { self.readRotation($0, into: &recipe.rotation) },
        "smoothing": { self.readSmoothing($0, into: &recipe.smoothing) },
        "bias_correction": { recipe.correctsBias = try $0.bool() },
        "norm_gains": { self.readWord($0, Recipe.normGains, into: &recipe.foldsNormGains) },
        "embedding": { self.readWord($0, Vocabulary(), into: &recipe.embedding) },
        "head_input": { self.readWord($0, Vocabulary(), into: &recipe.headInput) },
        "state": { self.readWord($0, Vocabulary(), into: &recipe.state) },
        "keep": { recipe.keep = try Self.patterns($0).compactMap(self.glob) },
        "set": { recipe.rules = try Self.patterns($0).compactMap(self.rule) },
      ], required: ["name"])
    return recipe
  }

  private func base(_ root: JSONCursor) -> Recipe {
    var base = Recipe.float32
    if root.contains("base") {
      let recipes = Vocabulary(entries: Recipe.builtIn.map { (word: $0.name, value: $0) })
      attempt(root) { self.readWord(try $0["base"], recipes, into: &base) }
    }
    return base
  }

  private static func name(_ cursor: JSONCursor) throws(JSONError) -> String {
    let name = try cursor.string()
    let isWord = name.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || others.contains($0) }
    guard isWord, (1...64).contains(name.utf8.count) else {
      throw cursor.error("a name is made of 1 to 64 letters, digits, '-', '_', '+' and '.'")
    }
    return name
  }

  private static let others = Set("0123456789-_+.".utf8)
}

/// The parts of a recipe.
extension RecipeReader {
  private func readWeights(_ cursor: JSONCursor, into weights: inout Recipe.Weights) {
    var new = weights
    members(
      of: cursor,
      [
        "bits": { new.bits = try Self.bits($0) },
        "scales": { self.readWord($0, Recipe.weightScales, into: &new.scales) },
        "clip": { new.clip = self.clip($0) ?? new.clip },
        "rounding": { self.readWord($0, Vocabulary(), into: &new.rounding) },
      ])
    weights = new
  }

  private static func bits(_ cursor: JSONCursor) throws(JSONError) -> Int {
    let bits = try cursor.int()
    guard Recipe.Weights.widths.contains(bits) else {
      throw cursor.error("codes of weights have 8 or 4 bits")
    }
    return bits
  }

  private func readClips(_ cursor: JSONCursor, into clips: inout [Recipe.TensorClass: Recipe.Clip]) {
    var new = clips
    let handlers = Recipe.TensorClass.allCases.map { name in
      (name.rawValue, { (cursor: JSONCursor) throws in new[name] = self.clip(cursor) ?? new[name] })
    }
    members(of: cursor, Dictionary(uniqueKeysWithValues: handlers))
    clips = new
  }

  private func clip(_ cursor: JSONCursor) -> Recipe.Clip? {
    var clip: Recipe.Clip?
    attempt(cursor) { cursor in
      clip = Recipe.Clip(try cursor.string())
      if clip == nil { throw cursor.error("a clip is \(Recipe.Clip.forms)") }
    }
    return clip
  }

  private func readRotation(_ cursor: JSONCursor, into rotation: inout Recipe.Rotation) {
    var new = rotation
    members(
      of: cursor,
      [
        "kind": { self.readWord($0, Vocabulary(), into: &new.kind) },
        "signs": { cursor in
          new.signs = cursor.isNull ? nil : try cursor.int()
          if let seed = new.signs, seed < 0 { throw cursor.error("a seed is null or at least 0") }
        },
      ])
    if new.kind == .none && new.signs != nil { report(cursor, "signs are of a rotation, and there is none") }
    rotation = new
  }

  private func readSmoothing(_ cursor: JSONCursor, into smoothing: inout Recipe.Smoothing?) {
    guard !cursor.isNull else {
      smoothing = nil
      return
    }
    var new = smoothing ?? Recipe.Smoothing(strength: 0, classes: [])
    members(
      of: cursor,
      [
        "strength": { cursor in
          new.strength = try cursor.double()
          guard (0...1).contains(new.strength) else { throw cursor.error("a strength is from 0 to 1") }
        },
        "classes": { cursor in
          new.classes = []
          for element in try cursor.array() {
            var name = Recipe.TensorClass.norm
            self.readWord(element, Vocabulary(), into: &name)
            new.classes.insert(name)
          }
        },
      ], required: smoothing == nil ? ["strength", "classes"] : [])
    smoothing = new
  }
}

/// Single tensors.
extension RecipeReader {
  /// The most patterns to keep, and the most rules: every tensor is compared with each.
  private static let mostPatterns = 4_096

  private static func patterns(_ cursor: JSONCursor) throws(JSONError) -> [JSONCursor] {
    let patterns = try cursor.array()
    guard patterns.count <= mostPatterns else {
      throw cursor.error("there are \(patterns.count) patterns, more than \(mostPatterns)")
    }
    return patterns
  }

  private func glob(_ cursor: JSONCursor) -> Glob? {
    var glob: Glob?
    attempt(cursor) { cursor in
      glob = Glob(try cursor.string())
      if glob == nil { throw cursor.error(Glob.form) }
    }
    return glob
  }

  private func rule(_ cursor: JSONCursor) -> TensorRule? {
    var tensors: Glob?
    attempt(cursor) { tensors = self.glob(try $0["tensors"]) }
    var rule = tensors.map(TensorRule.init)
    members(
      of: cursor,
      [
        "tensors": { _ in }, "keep": { rule?.isKept = try $0.bool() },
        "clip": { rule?.clip = self.clip($0) },
        "scales": { rule?.scales = self.word($0, Vocabulary()) },
        "rounding": { rule?.rounding = self.word($0, Vocabulary()) },
        "bits": { rule?.bits = try Self.bits($0) },
      ])
    return rule
  }
}

/// Reading with every problem collected.
extension RecipeReader {
  /// Calls the handler of each member; unknown members and missing ones are problems.
  func members(
    of cursor: JSONCursor, _ handlers: [String: (JSONCursor) throws -> Void], required: [String] = []
  ) {
    attempt(cursor) { cursor in
      for member in try cursor.members() {
        if let handler = handlers[member.name] {
          self.attempt(member.cursor, handler)
        } else {
          self.report(
            member.cursor, "there is no such member",
            Spelling.hint(member.name, among: handlers.keys.sorted()))
        }
      }
      for name in required where !cursor.contains(name) {
        self.report(cursor, "the member \"\(name)\" is missing")
      }
    }
  }

  /// The value that a word of a vocabulary stands for; nil after a problem.
  func word<Value: Equatable & Sendable>(_ cursor: JSONCursor, _ vocabulary: Vocabulary<Value>) -> Value? {
    var value: Value?
    attempt(cursor) { cursor in
      let word = try cursor.string()
      value = vocabulary.entries.first { $0.word == word }?.value
      if value == nil {
        let words = vocabulary.entries.map(\.word)
        self.report(cursor, "there is no such word here", Spelling.hint(word, among: words))
      }
    }
    return value
  }

  /// Sets what a word of a vocabulary stands for.
  func readWord<Value: Equatable & Sendable>(
    _ cursor: JSONCursor, _ vocabulary: Vocabulary<Value>, into value: inout Value
  ) {
    value = word(cursor, vocabulary) ?? value
  }

  /// Records what `read` throws.
  func attempt(_ cursor: JSONCursor, _ read: (JSONCursor) throws -> Void) {
    do {
      try read(cursor)
    } catch let error as JSONError {
      findings.append(error.diagnostic(.badRecipe, file: file))
    } catch {
      report(cursor, "\(error)")
    }
  }

  /// Records a problem with a value.
  func report(_ cursor: JSONCursor, _ message: String, _ hint: String? = nil) {
    findings.append(Diagnostic(.badRecipe, message, at: .json(file: file, path: cursor.path), hint: hint))
  }
}
