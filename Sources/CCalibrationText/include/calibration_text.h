// Passages of public-domain books, for calibration when no text is given.
#ifndef CALIBRATION_TEXT_H
#define CALIBRATION_TEXT_H

#include <stddef.h>

// UTF-8, not terminated.
const char *calibration_text(void);
// Bytes of the text.
size_t calibration_text_length(void);

#endif
