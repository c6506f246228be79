import Foundation
import Glibc
import Safetensors
import Testing

/// A model several times as large as the memory that the compiler may have.
@Suite(.serialized)
struct MemoryTests {
  private static let (width, inner, layers, states, rank, vocabulary) = (1536, 3072, 20, 16, 96, 4096)

  private static let hasLimit = (try? Outcome(of: "/usr/bin/env", ["prlimit", "--version"]))?.code == 0

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  @Test(
    .enabled(if: hasLimit, "prlimit limits the memory"),
    arguments: [
      // A rotated residual stream needs some matrices whole.
      ("quamba-smooth", 150_000_000), ("corrected.json", 150_000_000), ("quarot", 300_000_000),
    ])
  func compilesInLessThanItsSize(_ recipeName: String, _ limit: Int) throws {
    let size = try makeModel(in: place.path)
    try #require(size > 600_000_000)
    let printed = try Program.quamba.run(["compile", "--print-recipe"])
    try place.write(
      "corrected.json",
      printed.output.replacing("\"bias_correction\": false", with: "\"bias_correction\": true"))
    let recipe = recipeName.hasSuffix(".json") ? place.path(recipeName) : recipeName
    let compile = [
      Program.quamba.path, "compile", place.path, "-o", place.path("plan"), "--recipe", recipe,
      "--threads", "2", "--samples", "1", "--seq-len", "64",
    ]
    let outcome = try Outcome(of: "/usr/bin/env", ["prlimit", "--data=\(limit)"] + compile)
    #expect(outcome.code == 0, "\(outcome.errors)")
  }

  /// Writes a Mamba of bfloat16 with pseudo-random matrices; gives the bytes of its file.
  private func makeModel(in directory: String) throws -> Int {
    let (d, e) = (Self.width, Self.inner)
    var shapes = [("backbone.embeddings.weight", [Self.vocabulary, d])]
    for layer in 0..<Self.layers {
      let mixer: [(String, [Int])] = [
        ("in_proj.weight", [2 * e, d]), ("conv1d.weight", [e, 1, 4]), ("conv1d.bias", [e]),
        ("x_proj.weight", [Self.rank + 2 * Self.states, e]), ("dt_proj.weight", [e, Self.rank]),
        ("dt_proj.bias", [e]), ("A_log", [e, Self.states]), ("D", [e]), ("out_proj.weight", [d, e]),
      ]
      shapes.append(("backbone.layers.\(layer).norm.weight", [d]))
      shapes += mixer.map { ("backbone.layers.\(layer).mixer.\($0.0)", $0.1) }
    }
    shapes.append(("backbone.norm_f.weight", [d]))
    let path = directory + "/model.safetensors"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(descriptor) }
    let random = Self.pattern()
    let ones = [UInt16](repeating: 0x3F80, count: random.count)
    let entries = shapes.map { SafetensorsWriter.Entry(name: $0.0, element: .bf16, shape: $0.1) }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let isMatrix = entry.shape.count > 1 && !entry.name.hasSuffix("A_log")
      var left = entry.shape.reduce(2, *)
      while left > 0 {
        let count = min(left, random.count * 2)
        try (isMatrix ? random : ones).withUnsafeBytes { try append(.init(rebasing: $0[..<count])) }
        left -= count
      }
    }
    let config = """
      {"model_type": "mamba", "hidden_size": \(d), "vocab_size": \(Self.vocabulary), "state_size": \(Self.states),
       "num_hidden_layers": \(Self.layers), "conv_kernel": 4, "expand": 2, "time_step_rank": \(Self.rank)}
      """
    try Data(config.utf8).write(to: URL(fileURLWithPath: directory + "/config.json"))
    return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped).count
  }

  /// A mebibyte of numbers of either sign from 2⁻⁷ to 2⁻⁵.
  private static func pattern() -> [UInt16] {
    var state: UInt32 = 1
    return (0..<1 << 19).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      let bits = UInt16(truncatingIfNeeded: state >> 16)
      return (bits & 0x8000) | (0x3C00 + (bits & 0x00FF))
    }
  }
}
