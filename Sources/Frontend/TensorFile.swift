import CKernels
import Diagnostics
import Glibc
import IR
import PickledTensors
import Safetensors

/// A mapped file of tensors, of either kind.
enum TensorFile: Sendable {
  case safetensors(SafetensorsFile)
  case pickled(PickledTensorsFile)

  /// Maps a file; its name tells the kind.
  /// - Throws: `Diagnostic` where it cannot be read or is malformed.
  init(path: String) throws(Diagnostic) {
    do {
      if path.utf8.suffix(4).elementsEqual(".bin".utf8) {
        self = .pickled(try PickledTensorsFile(path: path))
      } else {
        self = .safetensors(try SafetensorsFile(path: path))
      }
    } catch let error as SafetensorsError {
      throw Diagnostic(error.code, "\(error)", at: .file(path))
    } catch let error as PickledTensorsError {
      throw Diagnostic(error.code, "\(error)", at: .file(path), hint: error.hint)
    } catch {
      throw Diagnostic(.ioFailed, "\(error)", at: .file(path))
    }
  }

  /// The path that was given.
  var path: String {
    switch self {
    case .safetensors(let file): file.path
    case .pickled(let file): file.path
    }
  }

  /// All tensors.
  var tensors: [StoredTensor] {
    switch self {
    case .safetensors(let file): file.tensors.map { StoredTensor($0) }
    case .pickled(let file): file.tensors.map { StoredTensor($0) }
    }
  }

  /// Lends the bytes of one of this file's tensors; they may have any alignment, and live no longer than the call.
  func withBytes<Result>(
    of tensor: StoredTensor, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    switch (self, tensor.place) {
    case (.safetensors(let file), .safetensors(let tensor)): try file.withBytes(of: tensor, body)
    case (.pickled(let file), .pickled(let tensor)): try file.withBytes(of: tensor, body)
    default: preconditionFailure("a tensor of another file")
    }
  }

  /// What is wrong with the bytes, as far as the file carries checksums.
  /// - Parameter shouldStop: asked often; nothing more is read where it says yes.
  func damage(shouldStop: () -> Bool) -> Diagnostic? {
    guard case .pickled(let file) = self else { return nil }
    do {
      try file.checkStorages(shouldStop: shouldStop)
      return nil
    } catch {
      return Diagnostic(error.code, "\(error)", at: .file(path), hint: error.hint)
    }
  }
}

/// One tensor of a file of either kind.
struct StoredTensor: Sendable {
  /// Where a file has it.
  enum Place: Equatable, Sendable {
    case safetensors(SafetensorsTensor)
    case pickled(PickledTensor)
  }

  let name: String
  /// Element type as safetensors names it.
  let typeName: String
  /// Element type where the compiler can read it.
  let element: ElementType?
  let shape: [Int]
  /// Its bytes in the file.
  let byteRange: Range<Int>
  let place: Place

  init(_ tensor: SafetensorsTensor) {
    name = tensor.name
    typeName = tensor.element.rawValue
    element = ElementType(typeName: typeName)
    shape = tensor.shape
    byteRange = tensor.byteRange
    place = .safetensors(tensor)
  }

  init(_ tensor: PickledTensor) {
    name = tensor.name
    typeName = "\(tensor.element)".uppercased()
    element = ElementType(typeName: typeName)
    shape = tensor.shape
    byteRange = tensor.byteRange
    place = .pickled(tensor)
  }

  /// Number of elements.
  var elementCount: Int {
    switch place {
    case .safetensors(let tensor): tensor.elementCount
    case .pickled(let tensor): tensor.elementCount
    }
  }
}

extension SafetensorsError {
  /// What kind of finding the error is.
  fileprivate var code: DiagnosticCode {
    switch self {
    case .notReadable(ENOENT): .missingFile
    case .notReadable: .ioFailed
    default: .badSafetensors
    }
  }
}

extension PickledTensorsError {
  /// What kind of finding the error is.
  fileprivate var code: DiagnosticCode {
    switch self {
    case .notReadable(ENOENT): .missingFile
    case .notReadable: .ioFailed
    case .legacyFormat, .byteOrder, .notContiguous, .notStored: .unsupportedTorchFile
    default: .badTorchFile
    }
  }
}

extension ElementType {
  /// The type that a file names, where the compiler can read it.
  init?(typeName: String) {
    switch typeName {
    case "F32": self = .f32
    case "F16": self = .f16
    case "BF16": self = .bf16
    default: return nil
    }
  }

  /// The code that kernels use for a float type.
  var kernelType: qk_type {
    switch self {
    case .bf16: QK_BF16
    case .f16: QK_F16
    default: QK_F32
    }
  }
}
