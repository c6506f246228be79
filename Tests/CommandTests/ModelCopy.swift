import Foundation
import Glibc
import JSONText
import Safetensors

/// A copy of a model directory, to be damaged.
struct ModelCopy {
  /// A tensor as a file holds it.
  struct Tensor {
    var name: String
    var element: SafetensorsElement
    var shape: [Int]
    var bytes: [UInt8]
  }

  let directory: String

  init(of model: String, in place: String) throws {
    directory = place + "/model"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    for name in try FileManager.default.contentsOfDirectory(atPath: model)
    where !name.hasPrefix("expected") && name != "README.md" {
      try FileManager.default.copyItem(atPath: "\(model)/\(name)", toPath: path(name))
    }
  }

  func path(_ name: String) -> String { directory + "/" + name }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  /// Cuts a file after so many bytes.
  func cut(_ name: String, to count: Int) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
    try data.prefix(count).write(to: URL(fileURLWithPath: path(name)))
  }

  /// Changes the object that a JSON file holds.
  func edit(_ name: String, _ change: (inout JSONObject) throws -> Void) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    var object = try JSONCursor(try JSONText.parse(bytes)).object()
    try change(&object)
    try write(name, JSONText.encode(.object(object)))
  }

  /// Changes the tensors of `model.safetensors`.
  func editTensors(_ change: (inout [Tensor]) -> Void) throws {
    var tensors = try tensors()
    change(&tensors)
    let descriptor = open(path("model.safetensors"), O_WRONLY | O_TRUNC)
    defer { close(descriptor) }
    let entries = tensors.map {
      SafetensorsWriter.Entry(name: $0.name, element: $0.element, shape: $0.shape)
    }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let bytes = tensors.first { $0.name == entry.name }?.bytes ?? []
      try bytes.withUnsafeBytes { try append($0) }
    }
  }

  private func tensors() throws -> [Tensor] {
    let file = try SafetensorsFile(path: path("model.safetensors"))
    return file.tensors.map { tensor in
      Tensor(
        name: tensor.name, element: tensor.element, shape: tensor.shape,
        bytes: file.withBytes(of: tensor) { Array($0) })
    }
  }
}

extension [ModelCopy.Tensor] {
  /// Changes the tensor of a name.
  mutating func edit(_ name: String, _ change: (inout ModelCopy.Tensor) -> Void) {
    for index in indices where self[index].name == name { change(&self[index]) }
  }
}
