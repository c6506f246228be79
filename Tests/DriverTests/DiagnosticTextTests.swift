import Diagnostics
import Testing

/// Findings as they are printed.
@Suite
struct DiagnosticTextTests {
  @Test
  func controlCharactersAreEscaped() {
    let finding = Diagnostic(
      .badText, "a\u{1b}[2Jb\nc\u{7f}", at: .file("x\r\ny\u{9b}"), hint: "é\u{0}\t'quoted'")
    #expect(
      finding.description == """
        error[bad-text]: x\\u{d}\\u{a}y\\u{9b}: a\\u{1b}[2Jb\\u{a}c\\u{7f}
          hint: é\\u{0}\\u{9}'quoted'
        """)
  }

  @Test
  func everyOtherCharacterStays() {
    let text = " ~\u{a0}é😀\\ \u{200d}"
    #expect(Diagnostic(.badText, text).description == "error[bad-text]: " + text)
  }
}
