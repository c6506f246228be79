import Foundation
import Glibc
import JSONText
import Safetensors

/// A tiny Mamba directory with numbers that count up; every part of it can be changed before it is written.
struct TinyModel {
  var config: JSONObject
  /// Shapes by name.
  var tensors: [String: [Int]]
  var element = SafetensorsElement.f32

  /// A model of 6 channels, 10 inside, 2 layers, 3 states, 3 taps, rank 2 and 17 tokens.
  init(hasBias: Bool = false, hasConvolutionBias: Bool = true) {
    config = JSONObject([
      ("model_type", "mamba"), ("hidden_size", 6), ("intermediate_size", 10), ("num_hidden_layers", 2),
      ("state_size", 3), ("conv_kernel", 3), ("time_step_rank", 2), ("vocab_size", 17),
      ("use_bias", .bool(hasBias)), ("use_conv_bias", .bool(hasConvolutionBias)),
    ])
    tensors = ["backbone.embeddings.weight": [17, 6], "backbone.norm_f.weight": [6]]
    for layer in ["backbone.layers.0.", "backbone.layers.1."] {
      tensors[layer + "norm.weight"] = [6]
      let shapes: [String: [Int]] = [
        "in_proj.weight": [20, 6], "conv1d.weight": [10, 1, 3], "x_proj.weight": [8, 10],
        "dt_proj.weight": [10, 2], "dt_proj.bias": [10], "A_log": [10, 3], "D": [10],
        "out_proj.weight": [6, 10],
      ]
      for (name, shape) in shapes { tensors[layer + "mixer." + name] = shape }
      if hasConvolutionBias { tensors[layer + "mixer.conv1d.bias"] = [10] }
      if hasBias { tensors[layer + "mixer.in_proj.bias"] = [20] }
      if hasBias { tensors[layer + "mixer.out_proj.bias"] = [6] }
    }
  }

  /// Writes the directory, in as many shards as asked for, and removes it after `body`.
  func withDirectory<Result>(shards: Int = 1, _ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    try write("config.json", JSONText.encode(.object(config)), in: url)
    let names = tensors.keys.sorted()
    guard shards > 1 else {
      try write(names, to: url.appendingPathComponent("model.safetensors").path)
      return try body(url.path)
    }
    var map = JSONObject()
    for shard in 0..<shards {
      let part = names.indices.filter { $0 % shards == shard }.map { names[$0] }
      try write(part, to: url.appendingPathComponent("part-\(shard).safetensors").path)
      for name in part { map[name] = "part-\(shard).safetensors" }
    }
    let index = JSONText.encode(["weight_map": .object(map)])
    try write("model.safetensors.index.json", index, in: url)
    return try body(url.path)
  }

  private func write(_ name: String, _ text: String, in directory: URL) throws {
    try Data(text.utf8).write(to: directory.appendingPathComponent(name))
  }

  private func write(_ names: [String], to path: String) throws {
    let entries = names.map {
      SafetensorsWriter.Entry(name: $0, element: element, shape: tensors[$0] ?? [])
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    defer { close(descriptor) }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let count = entry.shape.reduce(1, *)
      if entry.element == .f32 {
        let values = (0..<count).map { Float($0 + entry.name.utf8.count) / 64 }
        try values.withUnsafeBytes { try append($0) }
      } else {
        try [UInt8](repeating: 0, count: count * entry.element.byteWidth).withUnsafeBytes { try append($0) }
      }
    }
  }
}
