import Frontend
import PickledTensors

extension FuzzTarget {
  /// Reads a checkpoint as by `torch.save`; the tensors found must lie inside the file, and their values are looked at.
  static func readPickle(_ bytes: [UInt8]) -> Bool {
    guard let file = try? PickledTensorsFile(path: ModelDirectory.pickle.write(bytes)) else { return false }
    for tensor in file.tensors { _ = file.withBytes(of: tensor) { bytes in bytes.reduce(0, ^) } }
    if let checkpoint = ModelDirectory.pickle.checkpoint(bytes) {
      _ = try? checkpoint.nonFiniteTensors(among: Set(checkpoint.names))
    }
    return true
  }
}
