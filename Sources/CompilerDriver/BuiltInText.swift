import CCalibrationText

extension TextInput {
  /// Passages of public-domain books that are part of the program.
  public static var builtIn: TextInput {
    let bytes = UnsafeRawBufferPointer(start: calibration_text(), count: calibration_text_length())
    return TextInput(builtIn: String(decoding: bytes, as: UTF8.self))
  }
}
